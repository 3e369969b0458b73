#include <string.h>

#include "base/limits.h"
#include "carry/needs.h"
#include "fuzz.h"

static enum err
head(void *ctx, const struct needs_head *h)
{
	return needs_format_head(h, ctx);
}

static enum err
epoch(void *ctx, const struct needs_epoch *e)
{
	return needs_format_epoch(e, ctx);
}

static enum err
item(void *ctx, const struct needs_item *i)
{
	return needs_format_item(i, ctx);
}

/* In pieces of this size; what was told is written again. */
static enum err
read_in(const uint8_t *p, size_t n, size_t piece, struct buf *again, size_t *line)
{
	struct needs_events events = {again, head, epoch, item};
	struct needs_read r;
	enum err e;
	size_t i;

	needs_init(&r, &events);
	for (i = 0; i < n; i += piece)
		if (needs_put(&r, p + i, piece < n - i ? piece : n - i) != ERR_OK)
			break;
	e = needs_finish(&r);
	FUZZ_CHECK(e == ERR_OK || r.why != NULL);
	*line = r.number;
	return e;
}

/* What reads is exactly what would be written, and no split changes anything. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t piece = n == 0 ? 1 : p[n - 1] % 37 + 1u, line, line2;
	struct buf one, two;
	enum err e;

	buf_init(&one, LIMIT_NEEDS);
	buf_init(&two, LIMIT_NEEDS);
	e = read_in(p, n, n == 0 ? 1 : n, &one, &line);
	FUZZ_CHECK(read_in(p, n, piece, &two, &line2) == e && line == line2);
	FUZZ_CHECK(one.len == two.len && (one.len == 0 || memcmp(one.p, two.p, one.len) == 0));
	if (e == ERR_OK) {
		FUZZ_CHECK(needs_format_end(&one) == ERR_OK);
		FUZZ_CHECK(one.len == n && memcmp(one.p, p, n) == 0);
	}
	buf_wipe(&one);
	buf_wipe(&two);
	return 0;
}
