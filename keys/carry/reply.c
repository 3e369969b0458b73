#include "reply.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "carry/lines.h"
#include "seal/age_seal.h"

#define HEAD_MAX 64 /* bytes before the text, at most */

/* The largest padded plaintext whose age file stays within the limit. */
static size_t
padded_max(void)
{
	size_t n = LIMIT_REPLY / LIMIT_REPLY_STEP * LIMIT_REPLY_STEP;

	while (age_sealed_size(1, n) > LIMIT_REPLY)
		n -= LIMIT_REPLY_STEP;
	return n;
}

size_t
reply_text_max(void)
{
	return padded_max() - HEAD_MAX;
}

static size_t
pad_of(size_t n)
{
	return (LIMIT_REPLY_STEP - n % LIMIT_REPLY_STEP) % LIMIT_REPLY_STEP;
}

enum err
reply_format(const struct reply *r, struct buf *out)
{
	char day[DATE_DAY_LEN + 1];
	size_t before = out->len, pad;
	uint8_t *zeros;
	enum err e;

	if (r->len > reply_text_max())
		return ERR_LIMIT;
	if (r->len == 0 || !text_is_utf8((const uint8_t *)r->text, r->len))
		return ERR_FORMAT;
	date_format(day, r->day);
	if ((e = buf_addf(out, "sealslot-reply 1\nday: %s\nlength: %zu\n\n", day, r->len)) !=
		ERR_OK ||
	    (e = buf_add(out, r->text, r->len)) != ERR_OK)
		goto done;
	pad = pad_of(out->len - before);
	if ((e = buf_grow(out, pad, &zeros)) == ERR_OK)
		memset(zeros, 0, pad);
done:
	if (e != ERR_OK)
		out->len = before;
	return e;
}

static enum err
parse_head(struct lines *l, struct reply *r)
{
	struct lines_piece line;
	const char *why;
	uint64_t v;

	if (lines_next(l, HEAD_MAX, &line, &why) != ERR_OK || !lines_is(line, "sealslot-reply 1") ||
	    lines_next(l, HEAD_MAX, &line, &why) != ERR_OK || !lines_take(&line, "day: ") ||
	    date_parse(line.p, line.len, &r->day) != ERR_OK ||
	    lines_next(l, HEAD_MAX, &line, &why) != ERR_OK || !lines_take(&line, "length: ") ||
	    text_number(line.p, line.len, reply_text_max(), &v) != ERR_OK || v == 0 ||
	    lines_next(l, HEAD_MAX, &line, &why) != ERR_OK || line.len != 0)
		return ERR_FORMAT;
	r->len = (size_t)v;
	return ERR_OK;
}

enum err
reply_parse(struct reply *r, const void *p, size_t n)
{
	struct reply got = {0};
	struct lines l;
	size_t i;

	lines_init(&l, p, n);
	if (parse_head(&l, &got) != ERR_OK || got.len > l.left)
		return ERR_FORMAT;
	got.text = l.p;
	if (!text_is_utf8((const uint8_t *)got.text, got.len) ||
	    l.left - got.len != pad_of(n - (l.left - got.len)))
		return ERR_FORMAT;
	for (i = got.len; i < l.left; i++)
		if (l.p[i] != 0)
			return ERR_FORMAT;
	*r = got;
	return ERR_OK;
}
