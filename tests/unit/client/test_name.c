#include "harness.h"

#include "base/text.h"
#include "name.h"

static void
check(const char *member, const char *original, const char *expected)
{
	char out[NAME_MAX_LEN + 1];

	name_clean(out, member, original, strlen(original));
	assert_string_equal(out, expected);
}

static void
the_original_keeps_its_letters(void **state)
{
	(void)state;
	check("files/001-a.pdf", "a.pdf", "001-a.pdf");
	check("files/002-Resume.pdf", "R\xc3\xa9sum\xc3\xa9.pdf", "002-R\xc3\xa9sum\xc3\xa9.pdf");
	check("files/003-file.pdf", "\xd8\xaa\xd9\x82.pdf", "003-\xd8\xaa\xd9\x82.pdf");
	check("files/004-x", "two words", "004-two words");
}

static void
what_could_do_harm_is_replaced(void **state)
{
	(void)state;
	check("files/001-x", "../../etc/passwd", "001-_.._etc_passwd");
	check("files/001-x", "C:\\a*?\"<>|b", "001-C__a______b");
	check("files/001-x", "a\nb\tc\033", "001-a_b_c_");
	check("files/001-x",
	    "a\xe2\x80\xae"
	    "fdp.exe",
	    "001-a_fdp.exe");
	check("files/001-x", "a\xff\xfe", "001-a__");
	check("files/001-x", ".bashrc", "001-bashrc");
	check("files/001-x", " ..a.. ", "001-a");
	check("files/001-x", "-rf", "001--rf");
}

static void
nothing_left_means_the_members_own_name(void **state)
{
	(void)state;
	check("files/001-file", "", "001-file");
	check("files/001-file", "...", "001-file");
	check("files/001-file", " ", "001-file");
	check("files/001-", "", "001-");
}

static void
long_names_keep_their_extension(void **state)
{
	char original[1025], out[NAME_MAX_LEN + 1];
	size_t i;

	(void)state;
	memset(original, 'a', 1020);
	strcpy(original + 1020, ".pdf");
	name_clean(out, "files/001-x", original, 1024);
	assert_int_equal(strlen(out), NAME_MAX_LEN);
	assert_memory_equal(out, "001-aaa", 7);
	assert_string_equal(out + NAME_MAX_LEN - 5, "a.pdf");
	/* Characters are never cut in half. */
	for (i = 0; i < 1024; i += 2)
		memcpy(original + i, "\xc3\xa9", 2);
	name_clean(out, "files/001-x", original, 1024);
	assert_true(strlen(out) > NAME_MAX_LEN - 4);
	assert_true(text_is_utf8((const uint8_t *)out, strlen(out)));
}

/* Whatever comes in, what comes out can't leave the folder or the line. */
static void
any_bytes_give_an_inert_name(void **state)
{
	char original[300], out[NAME_MAX_LEN + 1];
	uint32_t seed;
	size_t n, len, i;

	(void)state;
	for (seed = 0; seed < 3000; seed++) {
		n = seed % sizeof original;
		harness_fill((uint8_t *)original, n, seed);
		for (i = 0; i < n; i++)
			if (original[i] == '\0')
				original[i] = '/';
		name_clean(out, "files/007-own.bin", original, n);
		assert_memory_equal(out, "007-", 4);
		assert_true(strlen(out) <= NAME_MAX_LEN);
		assert_null(strpbrk(out, "/\\:*?\"<>|"));
		for (i = 0; out[i] != '\0'; i += len) {
			len = text_utf8_len((const uint8_t *)out + i, strlen(out + i));
			assert_int_not_equal(len, 0);
			assert_false(
			    text_is_treacherous(text_utf8_point((const uint8_t *)out + i, len)));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_original_keeps_its_letters),
	    cmocka_unit_test(what_could_do_harm_is_replaced),
	    cmocka_unit_test(nothing_left_means_the_members_own_name),
	    cmocka_unit_test(long_names_keep_their_extension),
	    cmocka_unit_test(any_bytes_give_an_inert_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
