#include "harness.h"

#include "front/circuits.h"

static void
places_are_counted_per_circuit(void **state)
{
	struct circuits *c = NULL;
	uint32_t held = 9;

	(void)state;
	assert_ok(circuits_new(6, &c));
	assert_int_equal(circuits_most(c, &held), 0);
	assert_int_equal(held, 0);
	circuits_enter(c, 5);
	circuits_enter(c, 7);
	circuits_enter(c, 7);
	assert_int_equal(circuits_held(c, 5), 1);
	assert_int_equal(circuits_held(c, 7), 2);
	assert_int_equal(circuits_most(c, &held), 7);
	assert_int_equal(held, 2);
	circuits_leave(c, 7);
	circuits_leave(c, 7);
	assert_int_equal(circuits_held(c, 7), 0);
	assert_int_equal(circuits_most(c, &held), 5);
	circuits_leave(c, 5);
	circuits_leave(c, 5); /* once too often */
	assert_int_equal(circuits_most(c, &held), 0);
	circuits_free(c);
	circuits_free(NULL);
}

static void
nobody_is_not_counted(void **state)
{
	struct circuits *c = NULL;
	uint32_t held;
	int i;

	(void)state;
	assert_ok(circuits_new(2, &c));
	for (i = 0; i < 10; i++)
		circuits_enter(c, 0);
	assert_int_equal(circuits_held(c, 0), 0);
	assert_int_equal(circuits_most(c, &held), 0);
	circuits_leave(c, 0);
	circuits_free(c);
}

/* As many circuits as places; each leaves room for another. */
static void
all_places_may_be_of_other_circuits(void **state)
{
	struct circuits *c = NULL;
	uint32_t i, held;

	(void)state;
	assert_ok(circuits_new(100, &c));
	for (i = 1; i <= 100; i++)
		circuits_enter(c, i);
	for (i = 1; i <= 100; i++) {
		circuits_leave(c, i);
		circuits_enter(c, 1000 + i / 10);
	}
	assert_int_equal(circuits_held(c, 50), 0);
	assert_int_equal(circuits_held(c, 1005), 10);
	assert_in_range(circuits_most(c, &held), 1001, 1009);
	assert_int_equal(held, 10);
	circuits_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(places_are_counted_per_circuit),
	    cmocka_unit_test(nobody_is_not_counted),
	    cmocka_unit_test(all_places_may_be_of_other_circuits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
