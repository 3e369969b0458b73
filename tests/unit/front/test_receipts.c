#include "harness.h"

#include "base/limits.h"
#include "front/receipts.h"

static const struct receipt_note note = {.has_session = true, .epoch = 7, .inbox = "tips"};

static void
test_shows_for_its_time(void **state)
{
	struct receipts *r;
	struct receipt_note got;
	char cookie[RECEIPTS_TOKEN + 1];

	(void)state;
	assert_ok(receipts_new(&r));
	form_token_random(cookie);
	assert_false(receipts_find(r, "", 0, &got));
	receipts_add(r, "form", cookie, &note, 1000);
	assert_true(receipts_find(r, cookie, 1000, &got));
	assert_true(got.has_session && !got.is_signed_in && got.epoch == 7);
	assert_string_equal(got.inbox, "tips");
	assert_true(receipts_find(r, cookie, 999 + LIMIT_RECEIPT_MS, &got));
	assert_false(receipts_find(r, "form", 1000, &got));
	assert_false(receipts_find(r, cookie, 1000 + LIMIT_RECEIPT_MS, &got));
	assert_false(receipts_find(r, cookie, 1000, &got));
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
	form_token_random(first);
	assert_false(receipts_again(r, "form", 0, second));
	assert_false(receipts_knows(r, "form", 0));
	receipts_add(r, "form", first, &note, 0);
	assert_true(receipts_again(r, "form", 5, second));
	assert_string_equal(first, second);
	assert_true(receipts_knows(r, "form", 5));
	assert_false(receipts_again(r, "other", 5, second));
	assert_false(receipts_knows(r, "other", 5));
	assert_false(receipts_knows(r, "form", LIMIT_RECEIPT_MS));
	assert_false(receipts_again(r, "form", LIMIT_RECEIPT_MS, second));
	receipts_free(r);
}

/* One session, several receipts: the latest is shown; signing out ends all of them. */
static void
test_one_cookie(void **state)
{
	const struct receipt_note later = {.is_signed_in = true, .epoch = 8};
	struct receipts *r;
	struct receipt_note got;
	char cookie[RECEIPTS_TOKEN + 1], other[RECEIPTS_TOKEN + 1], again[RECEIPTS_TOKEN + 1];

	(void)state;
	assert_ok(receipts_new(&r));
	form_token_random(cookie);
	form_token_random(other);
	receipts_add(r, "one", cookie, &note, 0);
	receipts_add(r, "two", cookie, &later, 1);
	receipts_add(r, "three", other, &note, 2);
	assert_true(receipts_find(r, cookie, 3, &got));
	assert_true(got.is_signed_in && got.epoch == 8);
	assert_true(receipts_again(r, "two", 3, again));
	assert_string_equal(again, ""); /* its form's token is nobody's way into the session */
	receipts_forget(r, cookie);
	assert_false(receipts_find(r, cookie, 3, &got));
	assert_true(receipts_find(r, other, 3, &got));
	assert_true(receipts_again(r, "one", 3, again));
	assert_string_equal(again, "");
	assert_true(receipts_again(r, "three", 3, again));
	assert_string_equal(again, other);
	receipts_forget(r, cookie);
	receipts_free(r);
}

/* Neither the cookie nor a part of it lies in the table. */
static void
test_the_cookie_is_hidden(void **state)
{
	struct receipts *r;
	char cookie[RECEIPTS_TOKEN + 1];

	(void)state;
	assert_ok(receipts_new(&r));
	form_token_random(cookie);
	receipts_add(r, "form", cookie, &note, 0);
	assert_null(memmem(r, 4096, cookie, 8));
	assert_null(memmem(r, 4096, cookie + 20, 8));
	assert_null(memmem(r, 4096, "form", 5));
	assert_non_null(memmem(r, 4096, "tips", 5)); /* the search would find it */
	receipts_free(r);
}

static void
test_the_oldest_goes_first(void **state)
{
	struct receipts *r;
	struct receipt_note got;
	char first[RECEIPTS_TOKEN + 1], second[RECEIPTS_TOKEN + 1], cookie[RECEIPTS_TOKEN + 1];
	char token[RECEIPTS_TOKEN + 1];
	size_t i;

	(void)state;
	assert_ok(receipts_new(&r));
	form_token_random(first);
	form_token_random(second);
	form_token_random(cookie);
	receipts_add(r, "first", first, &note, 0);
	receipts_add(r, "second", second, &note, 1);
	for (i = 2; i < LIMIT_RECEIPTS; i++) {
		snprintf(token, sizeof token, "%043zu", i);
		receipts_add(r, token, token, &note, 2);
	}
	assert_true(receipts_find(r, first, 2, &got));
	receipts_add(r, "last", cookie, &note, 3);
	assert_false(receipts_find(r, first, 3, &got));
	assert_true(receipts_find(r, second, 3, &got));
	assert_true(receipts_find(r, cookie, 3, &got));
	receipts_expire(r, 2 + LIMIT_RECEIPT_MS);
	assert_false(receipts_find(r, second, 3, &got));
	assert_true(receipts_find(r, cookie, 3, &got));
	receipts_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shows_for_its_time),
	    cmocka_unit_test(test_the_same_form_again),
	    cmocka_unit_test(test_one_cookie),
	    cmocka_unit_test(test_the_cookie_is_hidden),
	    cmocka_unit_test(test_the_oldest_goes_first),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
