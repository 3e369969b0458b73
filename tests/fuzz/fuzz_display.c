/* Whatever comes in: what comes out moves no terminal, and every line is ours. */
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "display.h"
#include "fuzz.h"

#define PREFIX "| "

static void
check_inert(const struct buf *b, bool may_break)
{
	size_t len, i;
	uint32_t point;

	for (i = 0; i < b->len; i += len) {
		FUZZ_CHECK((len = text_utf8_len(b->p + i, b->len - i)) != 0);
		point = text_utf8_point(b->p + i, len);
		FUZZ_CHECK(!text_is_treacherous(point) || (may_break && point == '\n'));
	}
}

/* Every line begins with the prefix, and none is wider than the terminal. */
static void
check_lines(const struct buf *b, size_t columns)
{
	const uint8_t *p = b->p, *lf;
	size_t left = b->len, n;

	for (; left > 0; p += n + 1, left -= n + 1) {
		FUZZ_CHECK((lf = memchr(p, '\n', left)) != NULL);
		n = (size_t)(lf - p);
		FUZZ_CHECK(n >= strlen(PREFIX) && memcmp(p, PREFIX, strlen(PREFIX)) == 0);
		/* Escapes double their backslash when shown again, so this is only a bound for
		 * others. */
		if (columns != 0 && memchr(p, '\\', n) == NULL)
			FUZZ_CHECK(display_columns(p, n) <= columns);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bool is_started;
	size_t columns = n == 0 ? 0 : p[0] % 100;
	struct buf b;

	if (!is_started)
		FUZZ_CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	is_started = true;
	buf_init(&b, 64 + 32 * n);
	FUZZ_CHECK(display_line(&b, p, n) == ERR_OK);
	check_inert(&b, false);
	buf_reset(&b);
	FUZZ_CHECK(display_cut(&b, p, n, columns + 3) == ERR_OK);
	check_inert(&b, false);
	buf_reset(&b);
	FUZZ_CHECK(display_text(&b, p, n, PREFIX, columns) == ERR_OK);
	check_inert(&b, true);
	check_lines(&b, columns == 0 || columns > 12 ? columns : 12);
	buf_wipe(&b);
	return 0;
}
