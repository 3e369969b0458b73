#include "harness.h"

#include "base/words.h"

static void
words_are_sorted_letters(void **state)
{
	uint32_t i, same = 0;
	const char *w;

	(void)state;
	for (i = 0; i < WORDS_COUNT; i++) {
		w = words_get(i);
		assert_in_range(strlen(w), 3, WORDS_MAX);
		assert_int_equal(strspn(w, "abcdefghijklmnopqrstuvwxyz"), strlen(w));
		if (i > 0)
			assert_true(strcmp(words_get(i - 1), w) <= 0);
		if (i > 0 && strcmp(words_get(i - 1), w) == 0)
			same++;
	}
	assert_int_equal(same, 1);
	assert_string_equal(words_get(0), "abacus");
	assert_string_equal(words_get(WORDS_COUNT - 1), "zoom");
}

static void
every_word_is_found_by_itself_and_in_a_row(void **state)
{
	char row[2 * WORDS_MAX + 1];
	uint32_t i, found;
	size_t used;

	(void)state;
	for (i = 0; i < WORDS_COUNT; i++) {
		assert_ok(words_find(words_get(i), strlen(words_get(i)), &found, &used));
		assert_string_equal(words_get(found), words_get(i));
		assert_int_equal(used, strlen(words_get(i)));
		assert_true(found == i || strcmp(words_get(i), "yoyo") == 0);
		assert_true(found <= i);
		snprintf(row, sizeof row, "%s%s", words_get(i), words_get(WORDS_COUNT - 1 - i));
		assert_ok(words_find(row, strlen(row), &found, &used));
		assert_int_equal(used, strlen(words_get(i)));
		assert_string_equal(words_get(found), words_get(i));
	}
}

static void
a_cut_word_is_none(void **state)
{
	uint32_t i, found = 77;
	size_t n, used = 88;

	(void)state;
	for (i = 0; i < WORDS_COUNT; i++)
		for (n = 0; n < strlen(words_get(i)); n++)
			assert_err(words_find(words_get(i), n, &found, &used), ERR_NOTFOUND);
	assert_err(words_find("zzz", 3, &found, &used), ERR_NOTFOUND);
	assert_err(words_find("aaa", 3, &found, &used), ERR_NOTFOUND);
	assert_err(words_find("yo-yo", 5, &found, &used), ERR_NOTFOUND);
	assert_err(words_find("\xff", 1, &found, &used), ERR_NOTFOUND);
	assert_int_equal(found, 77);
	assert_int_equal(used, 88);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_sorted_letters),
	    cmocka_unit_test(every_word_is_found_by_itself_and_in_a_row),
	    cmocka_unit_test(a_cut_word_is_none),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
