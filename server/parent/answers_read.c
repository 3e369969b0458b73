#include "parent/answers_read.h"

#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "carry/answers.h"
#include "carry/tar.h"

struct reader {
	int fd;
	const char *name;
	struct tar_read tar;
	struct tar_member member;
	size_t members; /* so far */
	struct buf *out;
	struct op_answers lens;
	struct reason *why;
};

static enum err
cut_off(const struct reader *r)
{
	return reason_set(r->why, ERR_TRUNCATED,
	    "%s ends too early: it wasn't copied completely. Nothing was taken; copy it again.",
	    r->name);
}

static enum err
foreign(const struct reader *r)
{
	return reason_set(r->why, ERR_PROFILE,
	    "%s isn't an answer bundle, or something was put into it. Nothing was taken.", r->name);
}

static enum err
read_bytes(const struct reader *r, void *p, size_t n)
{
	size_t got = 0;
	enum err e;

	if ((e = io_read_full(r->fd, p, n, &got)) != ERR_OK)
		return reason_sys(r->why, e, "Can't read %s", r->name);
	return got == n ? ERR_OK : cut_off(r);
}

/* ERR_CLOSED: the archive is over. */
static enum err
next_member(struct reader *r)
{
	uint8_t block[TAR_BLOCK];
	enum err e;

	do {
		if ((e = read_bytes(r, block, sizeof block)) != ERR_OK)
			return e;
		e = tar_read_block(&r->tar, block, &r->member);
	} while (e == ERR_AGAIN);
	return e == ERR_OK || e == ERR_CLOSED ? e : foreign(r);
}

/* Appends the content of the member. */
static enum err
take_content(struct reader *r, uint64_t max)
{
	size_t n = (size_t)r->member.size, i;
	uint8_t pad[TAR_BLOCK], *p = NULL;
	enum err e;

	if (r->member.size > max || r->member.size > r->out->max - r->out->len)
		return foreign(r);
	if ((e = buf_grow(r->out, n, &p)) != ERR_OK)
		return reason_sys(r->why, e, "Can't read %s", r->name);
	if ((e = read_bytes(r, p, n)) != ERR_OK || (e = read_bytes(r, pad, tar_pad(n))) != ERR_OK)
		return e;
	for (i = 0; i < tar_pad(n); i++)
		if (pad[i] != 0)
			return foreign(r);
	return ERR_OK;
}

/* "<id>.reply" */
static enum err
take_reply(struct reader *r)
{
	struct op_reply_item head = {.size = (uint32_t)r->member.size};
	uint8_t id[RANDOM_ID_LEN / 2];
	enum err e;

	if (r->member.size > LIMIT_REPLY || strlen(r->member.name) < RANDOM_ID_LEN ||
	    text_unhex(id, sizeof id, r->member.name, RANDOM_ID_LEN) != ERR_OK ||
	    strcmp(r->member.name + RANDOM_ID_LEN, ANSWERS_REPLY_EXT) != 0)
		return foreign(r);
	memcpy(head.id, r->member.name, RANDOM_ID_LEN);
	if ((e = buf_add(r->out, &head, sizeof head)) != ERR_OK)
		return reason_sys(r->why, e, "Can't read %s", r->name);
	return take_content(r, LIMIT_REPLY);
}

static enum err
take_member(struct reader *r)
{
	enum err e;

	switch (r->members++) {
	case 0:
		if (strcmp(r->member.name, ANSWERS_INDEX) != 0)
			return foreign(r);
		e = take_content(r, LIMIT_BUNDLE_INDEX);
		r->lens.text_len = (uint32_t)r->out->len;
		return e;
	case 1:
		if (strcmp(r->member.name, ANSWERS_INDEX_SIG) != 0)
			return foreign(r);
		e = take_content(r, LIMIT_SIGNATURE);
		r->lens.sig_len = (uint32_t)(r->out->len - r->lens.text_len);
		return e;
	default: return take_reply(r);
	}
}

enum err
answers_read(int fd, const char *name, struct buf *out, struct op_answers *lens, struct reason *why)
{
	struct reader r = {.fd = fd, .name = name, .out = out, .why = why};
	enum err e;

	tar_read_init(&r.tar);
	while ((e = next_member(&r)) == ERR_OK)
		if ((e = take_member(&r)) != ERR_OK)
			return e;
	if (e != ERR_CLOSED)
		return e;
	if (r.members < 2)
		return foreign(&r);
	*lens = r.lens;
	return ERR_OK;
}
