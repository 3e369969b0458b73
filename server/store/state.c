#include "store/state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "base/text.h"
#include "store/folder.h"

#define SPARE_BYTES (64 * 1024) /* a file and an entry of its folder, however large blocks are */

/* What is left of the text. */
struct rest {
	const char *p;
	size_t n;
};

/* Takes a keyword. */
static enum err
expect(struct rest *r, const char *word)
{
	size_t n = strlen(word);

	if (r->n < n || memcmp(r->p, word, n) != 0)
		return ERR_FORMAT;
	r->p += n;
	r->n -= n;
	return ERR_OK;
}

/* Takes what stands before a blank or line feed, and that. */
static enum err
take(struct rest *r, char end, const char **p, size_t *n)
{
	const char *at = memchr(r->p, end, r->n);

	if (at == NULL)
		return ERR_FORMAT;
	*p = r->p;
	*n = (size_t)(at - r->p);
	r->n -= *n + 1;
	r->p = at + 1;
	return ERR_OK;
}

static enum err
take_number(struct rest *r, char end, uint32_t *out)
{
	const char *p;
	uint64_t v;
	enum err e;
	size_t n;

	if ((e = take(r, end, &p, &n)) != ERR_OK ||
	    (e = text_number(p, n, UINT32_MAX, &v)) != ERR_OK)
		return e;
	*out = (uint32_t)v;
	return ERR_OK;
}

enum err
state_parse(const void *text, size_t len, struct state *out)
{
	struct rest r = {text, len};
	struct state s = {0};
	const char *p;
	size_t n;

	if (expect(&r, "sealslot-store 1\nroot: ") != ERR_OK || take(&r, '\n', &p, &n) != ERR_OK ||
	    minisign_key_parse(&s.root, p, n) != ERR_OK || expect(&r, "seen: ") != ERR_OK ||
	    take(&r, '\n', &p, &n) != ERR_OK || date_parse(p, n, &s.seen) != ERR_OK ||
	    expect(&r, "clock-ok: ") != ERR_OK || take_number(&r, ' ', &s.clock_oks) != ERR_OK ||
	    take_number(&r, '\n', &s.clock_ok_serial) != ERR_OK ||
	    expect(&r, "bundle: ") != ERR_OK || take_number(&r, ' ', &s.bundle_serial) != ERR_OK ||
	    take(&r, '\n', &p, &n) != ERR_OK ||
	    text_unhex(s.bundle_hash, HASH_LEN, p, n) != ERR_OK || expect(&r, "end\n") != ERR_OK ||
	    r.n != 0)
		return ERR_FORMAT;
	*out = s;
	return ERR_OK;
}

enum err
state_format(const struct state *s, struct buf *out)
{
	char root[MINISIGN_KEY_LEN + 1], seen[DATE_DAY_LEN + 1], hash[HASH_HEX_LEN + 1];

	minisign_key_format(root, &s->root);
	date_format(seen, s->seen);
	text_hex(hash, s->bundle_hash, HASH_LEN);
	return buf_addf(out,
	    "sealslot-store 1\nroot: %s\nseen: %s\nclock-ok: %u %u\nbundle: %u %s\nend\n", root,
	    seen, s->clock_oks, s->clock_ok_serial, s->bundle_serial, hash);
}

enum err
state_read(int root, struct state *out)
{
	struct buf text;
	enum err e;

	buf_init(&text, STATE_MAX);
	if ((e = io_read_file(root, FOLDER_STATE, &text)) == ERR_OK)
		e = state_parse(text.p, text.len, out);
	buf_wipe(&text);
	return e;
}

enum err
state_write(int root, const struct state *s)
{
	struct buf text;
	enum err e;

	buf_init(&text, STATE_MAX);
	if ((e = state_format(s, &text)) == ERR_OK)
		e = io_replace(root, FOLDER_STATE, text.p, text.len, 0600);
	if (e == ERR_NOSPACE && unlinkat(root, FOLDER_SPARE, 0) == 0)
		e = io_replace(root, FOLDER_STATE, text.p, text.len, 0600);
	buf_wipe(&text);
	if (e == ERR_OK)
		state_keep_spare(root);
	return e;
}

void
state_keep_spare(int root)
{
	int fd = -1;

	if (faccessat(root, FOLDER_SPARE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    io_create(root, FOLDER_SPARE, 0600, &fd) != ERR_OK)
		return;
	if (posix_fallocate(fd, 0, SPARE_BYTES) != 0)
		unlinkat(root, FOLDER_SPARE, 0);
	io_close(&fd);
}
