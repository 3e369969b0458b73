#include <string.h>

#include "fuzz.h"
#include "transcript.h"

/*
 * A body whose boundary is its first line without the two dashes, as in
 * tests/vectors/multipart; however it is split, the parser tells the same.
 */
static void
check_split(const struct transcript *whole, const char *boundary, size_t len, const uint8_t *p,
    size_t n, size_t step)
{
	struct transcript t;
	size_t at, slice;
	uint32_t x = (uint32_t)(n * 2654435761u + step);

	transcript_start(&t, boundary, len);
	for (at = 0; at < n; at += slice) {
		x = x * 1664525u + 1013904223u;
		slice = 1 + (x >> 16) % step;
		slice = slice < n - at ? slice : n - at;
		transcript_feed(&t, p + at, slice);
	}
	transcript_finish(&t);
	FUZZ_CHECK(t.e == whole->e);
	FUZZ_CHECK(t.b.len == whole->b.len);
	FUZZ_CHECK(t.b.len == 0 || memcmp(t.b.p, whole->b.p, t.b.len) == 0);
	transcript_free(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *end = memchr(p, '\r', n);
	const char *boundary = "b";
	struct transcript whole;
	size_t len = 1;

	if (end != NULL && end - p >= 3) {
		boundary = (const char *)p + 2;
		len = (size_t)(end - p) - 2;
	}
	transcript_start(&whole, boundary, len);
	transcript_feed(&whole, p, n);
	transcript_finish(&whole);
	if (whole.e != ERR_OK || n < 4096)
		check_split(&whole, boundary, len, p, n, 1);
	check_split(&whole, boundary, len, p, n, 13);
	check_split(&whole, boundary, len, p, n, 500);
	transcript_free(&whole);
	return 0;
}
