#include "harness.h"

#include "base/limits.h"
#include "front/endings.h"

static void
test_endings(void **state)
{
	struct endings *e;
	char token[16];
	size_t i;

	(void)state;
	assert_ok(endings_new(&e));
	assert_int_equal(endings_find(e, "a", 0), 0);
	endings_note(e, "a", 7, 0);
	endings_note(e, "b", 8, 1);
	assert_int_equal(endings_find(e, "a", 2), 7);
	endings_note(e, "a", 9, 2); /* sent again: the latest counts */
	assert_int_equal(endings_find(e, "a", 3), 9);
	assert_int_equal(endings_find(e, "b", LIMIT_RECEIPT_MS), 8);
	assert_int_equal(endings_find(e, "b", 1 + LIMIT_RECEIPT_MS), 0);
	for (i = 3; i <= LIMIT_RECEIPTS; i++) {
		snprintf(token, sizeof token, "%zu", i);
		endings_note(e, token, 1, 3);
	}
	assert_int_equal(endings_find(e, "b", 4), 8);
	endings_note(e, "x", 1, 3);
	endings_note(e, "y", 1, 3); /* the two oldest went */
	assert_int_equal(endings_find(e, "b", 4), 0);
	assert_int_equal(endings_find(e, "a", 4), 0);
	assert_int_equal(endings_find(e, "x", 4), 1);
	assert_int_equal(endings_find(e, "y", 4), 1);
	endings_free(e);
	endings_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_endings)};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
