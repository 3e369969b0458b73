#include "harness.h"

#include "base/limits.h"
#include "parent/logo.h"
#include "seal/crc.h"

/* A PNG that a test changes: its head, then any chunks. */
struct png {
	uint8_t p[2 * LIMIT_LOGO];
	size_t n;
};

static void
put_number(struct png *g, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		g->p[g->n++] = (uint8_t)(v >> shift);
}

static void
put_chunk(struct png *g, const char *type, const void *data, size_t n)
{
	uint8_t *from;

	put_number(g, (uint32_t)n);
	from = g->p + g->n;
	memcpy(from, type, 4);
	if (n > 0)
		memcpy(from + 4, data, n);
	g->n += 4 + n;
	put_number(g, crc_add(CRC_NONE, from, 4 + n));
}

static void
put_head(struct png *g, uint32_t width, uint32_t height, const char form[static 5])
{
	uint8_t ihdr[13] = {(uint8_t)(width >> 24), (uint8_t)(width >> 16), (uint8_t)(width >> 8),
	    (uint8_t)width, (uint8_t)(height >> 24), (uint8_t)(height >> 16),
	    (uint8_t)(height >> 8), (uint8_t)height};

	memcpy(ihdr + 8, form, 5);
	memcpy(g->p, "\x89PNG\r\n\x1a\n", 8);
	g->n = 8;
	put_chunk(g, "IHDR", ihdr, sizeof ihdr);
}

#define GREY "\1\0\0\0\0"
/* One white pixel, deflated. */
static const uint8_t pixel[] = {0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81};

static void
make(struct png *g, uint32_t width, uint32_t height, const char *form, const char *extra)
{
	put_head(g, width, height, form);
	if (extra != NULL)
		put_chunk(g, extra, "<script>alert(1)</script>", 25);
	put_chunk(g, "IDAT", pixel, sizeof pixel);
	put_chunk(g, "IEND", NULL, 0);
}

static enum err
check(const struct png *g, const char **why)
{
	*why = "";
	return logo_check(g->p, g->n, why);
}

static void
assert_refused(const struct png *g, enum err e, const char *words)
{
	const char *why;

	assert_err(check(g, &why), e);
	if (strstr(why, words) == NULL)
		fail_msg("%s", why);
}

static void
a_picture_is_taken(void **state)
{
	static const char *const forms[] = {
	    GREY, "\x10\0\0\0\0", "\10\2\0\0\0", "\4\3\0\0\1", "\10\4\0\0\0", "\x10\6\0\0\0"};
	const char *why;
	struct png g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		make(&g, 1, LIMIT_LOGO_SIDE, forms[i], i == 3 ? "PLTE" : NULL);
		assert_ok(check(&g, &why));
	}
}

static void
anything_else_is_refused(void **state)
{
	static const char *const forms[] = {"\0\0\0\0\0", "\3\0\0\0\0", "\4\2\0\0\0",
	    "\x10\3\0\0\0", "\10\1\0\0\0", "\10\7\0\0\0", "\10\0\1\0\0", "\10\0\0\1\0",
	    "\10\0\0\0\2"};
	static const char *const more[] = {
	    "tEXt", "zTXt", "iTXt", "tIME", "eXIf", "iCCP", "acTL", "IHDR", "abcd"};
	struct png g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		make(&g, 1, 1, forms[i], NULL);
		assert_refused(&g, ERR_FORMAT, "isn't a PNG");
	}
	for (i = 0; i < sizeof more / sizeof more[0]; i++) {
		make(&g, 1, 1, GREY, more[i]);
		assert_refused(&g, ERR_FORMAT, "more in it than a picture");
	}
	g.n = (size_t)sprintf((char *)g.p, "<!doctype html><script>alert(1)</script>");
	assert_refused(&g, ERR_FORMAT, "isn't a PNG");
	make(&g, 1, 1, GREY, NULL);
	memcpy(g.p + g.n, "<script>", 8);
	g.n += 8;
	assert_refused(&g, ERR_FORMAT, "doesn't end");
	put_head(&g, 1, 1, GREY);
	put_chunk(&g, "IEND", NULL, 0);
	assert_refused(&g, ERR_FORMAT, "doesn't end");
	put_head(&g, 1, 1, GREY);
	put_chunk(&g, "IDAT", pixel, sizeof pixel);
	put_chunk(&g, "IEND", "a", 1);
	assert_refused(&g, ERR_FORMAT, "doesn't end");
}

static void
sizes_are_bounded(void **state)
{
	static const uint32_t sides[] = {0, LIMIT_LOGO_SIDE + 1, UINT32_MAX};
	static const uint8_t zeros[LIMIT_LOGO];
	const char *why;
	struct png g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sides / sizeof sides[0]; i++) {
		make(&g, sides[i], 1, GREY, NULL);
		assert_refused(&g, ERR_LIMIT, "1024 pixels");
		make(&g, 1, sides[i], GREY, NULL);
		assert_refused(&g, ERR_LIMIT, "1024 pixels");
	}
	for (i = 0; i < 2; i++) {
		put_head(&g, 1, 1, GREY);
		put_chunk(&g, "IDAT", zeros, LIMIT_LOGO - g.n - 24 + i);
		put_chunk(&g, "IEND", NULL, 0);
		assert_int_equal(g.n, LIMIT_LOGO + i);
		if (i == 0)
			assert_ok(check(&g, &why));
		else
			assert_refused(&g, ERR_LIMIT, "6 KiB");
	}
}

static void
damage_is_noticed(void **state)
{
	const char *why;
	struct png g;
	size_t i;

	(void)state;
	make(&g, 1, 1, GREY, NULL);
	for (i = 0; i < g.n; i++) {
		uint8_t *copy = malloc(i + 1);

		assert_non_null(copy);
		memcpy(copy, g.p, i);
		assert_err(logo_check(copy, i, &why), ERR_FORMAT);
		free(copy);
	}
	for (i = 0; i < 8 * g.n; i++) {
		g.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(check(&g, &why) != ERR_OK);
		g.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_ok(check(&g, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_picture_is_taken),
	    cmocka_unit_test(anything_else_is_refused),
	    cmocka_unit_test(sizes_are_bounded),
	    cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests_name("logo", tests, NULL, NULL);
}
