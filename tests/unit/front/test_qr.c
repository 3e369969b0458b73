#include "harness.h"

#include <stdbool.h>
#include <zlib.h>

#include "front/qr.h"

#define KEY "RWSbDR2fKQ/SM/HvekBTkwzrgDMYCH0RFaRzUyiZvhvM79Vk+jfNB+P7"

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Walks through the chunks; every CRC must fit. The pixels are inflated. */
static void
read_png(const struct buf *png, uint32_t *side, uint8_t *pixels, uLongf *len)
{
	const uint8_t *p = png->p + 8, *end = png->p + png->len;
	uint32_t n;

	assert_memory_equal(png->p, "\x89PNG\r\n\x1a\n", 8);
	while (p < end) {
		n = get32(p);
		assert_true(n + 12 <= (size_t)(end - p));
		assert_int_equal(crc32(0, p + 4, n + 4), get32(p + 8 + n));
		if (memcmp(p + 4, "IHDR", 4) == 0) {
			*side = get32(p + 8);
			assert_int_equal(get32(p + 12), *side);
			assert_memory_equal(p + 16, "\x01\0\0\0\0", 5);
		} else if (memcmp(p + 4, "IDAT", 4) == 0) {
			assert_int_equal(uncompress(pixels, len, p + 8, n), Z_OK);
		} else {
			assert_memory_equal(p + 4, "IEND", 4);
			assert_ptr_equal(p + 12, end);
		}
		p += n + 12;
	}
}

static bool
is_dark(const uint8_t *pixels, uint32_t side, uint32_t x, uint32_t y)
{
	return (pixels[y * (1 + (side + 7) / 8) + 1 + x / 8] >> (7 - x % 8) & 1) == 0;
}

static void
a_code_is_a_png(void **state)
{
	uint8_t pixels[65536];
	uLongf len = sizeof pixels;
	uint32_t side = 0, i;
	struct buf b;

	(void)state;
	buf_init(&b, 16384);
	assert_ok(qr_png(&b, KEY));
	read_png(&b, &side, pixels, &len);
	assert_int_equal(len, side * (1 + (side + 7) / 8));
	/* A quiet border of 4 modules, then the corner's pattern: 7 dark, in it 5 light. */
	for (i = 0; i < side; i++)
		assert_false(is_dark(pixels, side, i, 19));
	for (i = 20; i < 55; i++)
		assert_true(is_dark(pixels, side, i, 20));
	assert_false(is_dark(pixels, side, 55, 20));
	assert_false(is_dark(pixels, side, 26, 26));
	buf_wipe(&b);
}

static void
what_is_too_long_is_refused(void **state)
{
	char text[QR_TEXT_MAX + 2];
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	memset(text, 'a', sizeof text);
	text[QR_TEXT_MAX + 1] = '\0';
	assert_err(qr_png(&b, text), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	text[QR_TEXT_MAX] = '\0';
	assert_ok(qr_png(&b, text));
	buf_wipe(&b);
	buf_init(&b, 100);
	assert_err(qr_png(&b, KEY), ERR_LIMIT);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_is_a_png),
	    cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("front/qr", tests, NULL, NULL);
}
