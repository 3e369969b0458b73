#include "harness.h"

#include "base/limits.h"
#include "front/receipts.h"

static void
test_tokens_are_fresh(void **state)
{
	char a[RECEIPTS_TOKEN + 1], b[RECEIPTS_TOKEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		receipts_token(a);
		receipts_token(b);
		assert_int_equal(strlen(a), RECEIPTS_TOKEN);
		assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-_"),
		    RECEIPTS_TOKEN);
		assert_string_not_equal(a, b);
	}
}

static void
test_shows_for_its_time(void **state)
{
	struct receipts *r;
	char cookie[RECEIPTS_TOKEN + 1];

	(void)state;
	assert_ok(receipts_new(&r));
	assert_false(receipts_has(r, "", 0));
	receipts_add(r, "form", 1000, cookie);
	assert_true(receipts_has(r, cookie, 1000));
	assert_true(receipts_has(r, cookie, 999 + LIMIT_RECEIPT_MS));
	assert_false(receipts_has(r, "form", 1000));
	assert_false(receipts_has(r, cookie, 1000 + LIMIT_RECEIPT_MS));
	assert_false(receipts_has(r, cookie, 1000));
	receipts_free(r);
	receipts_free(NULL);
}

static void
test_the_same_form_again(void **state)
{
	struct receipts *r;
	char first[RECEIPTS_TOKEN + 1], second[RECEIPTS_TOKEN + 1];

	(void)state;
	assert_ok(receipts_new(&r));
	assert_false(receipts_again(r, "form", 0, second));
	receipts_add(r, "form", 0, first);
	assert_true(receipts_again(r, "form", 5, second));
	assert_string_not_equal(first, second);
	assert_true(receipts_has(r, second, 5));
	assert_false(receipts_again(r, "other", 5, second));
	assert_false(receipts_again(r, "form", LIMIT_RECEIPT_MS, second));
	receipts_free(r);
}

static void
test_the_oldest_goes_first(void **state)
{
	struct receipts *r;
	char first[RECEIPTS_TOKEN + 1], second[RECEIPTS_TOKEN + 1], cookie[RECEIPTS_TOKEN + 1];
	char token[16];
	size_t i;

	(void)state;
	assert_ok(receipts_new(&r));
	receipts_add(r, "first", 0, first);
	receipts_add(r, "second", 1, second);
	for (i = 2; i < LIMIT_RECEIPTS; i++) {
		snprintf(token, sizeof token, "%zu", i);
		receipts_add(r, token, 2, cookie);
	}
	assert_true(receipts_has(r, first, 2));
	receipts_add(r, "last", 3, cookie);
	assert_false(receipts_has(r, first, 3));
	assert_true(receipts_has(r, second, 3));
	assert_true(receipts_has(r, cookie, 3));
	receipts_expire(r, 2 + LIMIT_RECEIPT_MS);
	assert_false(receipts_has(r, second, 3));
	assert_true(receipts_has(r, cookie, 3));
	receipts_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens_are_fresh),
	    cmocka_unit_test(test_shows_for_its_time),
	    cmocka_unit_test(test_the_same_form_again),
	    cmocka_unit_test(test_the_oldest_goes_first),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
