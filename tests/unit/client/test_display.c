#include "harness.h"

#include <locale.h>
#include <wchar.h>

#include "base/text.h"
#include "display.h"

#define LINE(text, expected) check_line(text, sizeof text - 1, expected)

static void
check_line(const char *text, size_t n, const char *expected)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_ok(display_line(&b, text, n));
	assert_string_equal(buf_cstr(&b), expected);
	assert_int_equal(display_columns(text, n) > 0, n > 0);
	buf_wipe(&b);
}

static void
plain_text_stays(void **state)
{
	(void)state;
	LINE("", "");
	LINE("rapport 2026.pdf", "rapport 2026.pdf");
	LINE("\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9");
	LINE(
	    "\xd8\xaa\xd9\x82\xd8\xb1\xd9\x8a\xd8\xb1", "\xd8\xaa\xd9\x82\xd8\xb1\xd9\x8a\xd8\xb1");
	LINE("e\xcc\x81", "e\xcc\x81"); /* a base and its accent */
}

static void
what_moves_a_terminal_is_escaped(void **state)
{
	(void)state;
	LINE("\033[2J", "\\u{1B}[2J");
	LINE("a\nb\tc\rd", "a\\u{A}b\\u{9}c\\u{D}d");
	LINE("\xc2\x9b"
	     "31m",
	    "\\u{9B}31m");
	LINE("\0", "\\u{0}");
	LINE("\x7f", "\\u{7F}");
	LINE("invoice\xe2\x80\xae"
	     "fdp.exe",
	    "invoice\\u{202E}fdp.exe");
	LINE("a\xe2\x80\x8b"
	     "b",
	    "a\\u{200B}b");
	LINE("\xe2\x81\xa6", "\\u{2066}");
	LINE("\xf3\xa0\x81\x81", "\\u{E0041}");
	LINE("\xef\xbb\xbf", "\\u{FEFF}");
}

static void
invalid_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	LINE("\xff", "\\xFF");
	LINE("\xc3", "\\xC3");
	LINE("\xc0\xaf", "\\xC0\\xAF");
	LINE("\xed\xa0\x80", "\\xED\\xA0\\x80");          /* a surrogate */
	LINE("\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"); /* past the last point */
	LINE("\xe2\x82", "\\xE2\\x82");
}

static void
nobody_can_type_an_escape(void **state)
{
	(void)state;
	LINE("\\u{202E}", "\\\\u{202E}");
}

static void
marks_do_not_pile_up(void **state)
{
	(void)state;
	LINE("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
	    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u{301}");
	LINE("\xcc\x81", "\\u{301}"); /* nothing of its own to stand on */
}

/* Every code point there is: shown as itself only if it can do no harm. */
static void
every_code_point(void **state)
{
	uint8_t text[8];
	struct buf b;
	uint32_t c;
	size_t n;

	(void)state;
	buf_init(&b, 64);
	for (c = 0; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = 0;
		text[n++] = 'x';
		if (c < 0x80) {
			text[n++] = (uint8_t)c;
		} else if (c < 0x800) {
			text[n++] = (uint8_t)(0xc0 | c >> 6);
			text[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			text[n++] = (uint8_t)(0xe0 | c >> 12);
			text[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			text[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else {
			text[n++] = (uint8_t)(0xf0 | c >> 18);
			text[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
			text[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			text[n++] = (uint8_t)(0x80 | (c & 0x3f));
		}
		buf_reset(&b);
		assert_ok(display_line(&b, text, n));
		if (text_is_treacherous(c) || c == '\\' || (c >= 0x80 && wcwidth((wchar_t)c) < 0))
			assert_int_equal(b.p[1], '\\');
		else
			assert_memory_equal(b.p, text, n);
	}
	buf_wipe(&b);
}

static void
cut_counts_columns(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	assert_ok(display_cut(&b, "abcdef", 6, 6));
	assert_string_equal(buf_cstr(&b), "abcdef");
	buf_reset(&b);
	assert_ok(display_cut(&b, "abcdefg", 7, 6));
	assert_string_equal(buf_cstr(&b), "abc...");
	buf_reset(&b);
	/* Wide characters take two columns, and are never cut in half. */
	assert_int_equal(display_columns("\xe4\xb8\xad\xe6\x96\x87", 6), 4);
	assert_ok(display_cut(&b, "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87", 12, 6));
	assert_string_equal(buf_cstr(&b), "\xe4\xb8\xad...");
	buf_reset(&b);
	/* Nor are escapes. */
	assert_ok(display_cut(&b, "ab\033\033\033", 5, 8));
	assert_string_equal(buf_cstr(&b), "ab...");
	buf_wipe(&b);
}

static void
check_text(const char *text, size_t columns, const char *expected)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_ok(display_text(&b, text, strlen(text), "> ", columns));
	assert_string_equal(buf_cstr(&b), expected);
	buf_wipe(&b);
}

static void
every_line_of_a_text_has_its_prefix(void **state)
{
	(void)state;
	check_text("", 0, "");
	check_text("a", 0, "> a\n");
	check_text("a\nb", 0, "> a\n> b\n");
	check_text("a\r\n\r\nb\n", 0, "> a\n> \n> b\n");
	check_text("a\rb", 0, "> a\\u{D}b\n");
	check_text("a\tb", 0, "> a       b\n");
	check_text("\xe2\x80\xa8", 0, "> \\u{2028}\n");
}

static void
long_lines_are_broken(void **state)
{
	(void)state;
	/* Twelve columns are the least: prefix and the longest escape. */
	check_text("0123456789abcd", 12, "> 0123456789\n> abcd\n");
	check_text("012345678\xe4\xb8\xad", 12, "> 012345678\n> \xe4\xb8\xad\n");
	check_text("012345\033", 12, "> 012345\n> \\u{1B}\n");
	check_text("0123456789\ta", 12, "> 0123456789\n> a\n");
}

/* Where bytes 80 to 9F are control codes, nothing but ASCII may pass. */
static void
without_utf8_all_but_ascii_is_escaped(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	LINE("\xc4\x9b", "\\u{11B}");
	LINE("plain", "plain");
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void
the_limit_of_the_buffer_holds(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_err(display_line(&b, "abcde", 5), ERR_LIMIT);
	buf_reset(&b);
	assert_err(display_text(&b, "abc", 3, "> ", 0), ERR_LIMIT);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_stays),
	    cmocka_unit_test(what_moves_a_terminal_is_escaped),
	    cmocka_unit_test(invalid_utf8_is_escaped_byte_by_byte),
	    cmocka_unit_test(nobody_can_type_an_escape),
	    cmocka_unit_test(marks_do_not_pile_up),
	    cmocka_unit_test(every_code_point),
	    cmocka_unit_test(cut_counts_columns),
	    cmocka_unit_test(every_line_of_a_text_has_its_prefix),
	    cmocka_unit_test(long_lines_are_broken),
	    cmocka_unit_test(without_utf8_all_but_ascii_is_escaped),
	    cmocka_unit_test(the_limit_of_the_buffer_holds),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	display_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
