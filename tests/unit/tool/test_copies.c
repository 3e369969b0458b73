#include "harness.h"

#include "tool/copies.h"

/* Under which name a key of another store is taken in. */

static struct copies_key
key(uint32_t number, uint32_t replacement, uint8_t byte)
{
	struct copies_key k = {.epoch = {"tips", number, replacement}};

	memset(k.recipient, byte, AGE_KEY);
	return k;
}

static void
compared_by_recipient(void **state)
{
	struct copies_key p[] = {key(8, 1, 1), key(9, 0, 2)}, other;
	struct copies_ring r = {p, 2};

	(void)state;
	other = key(8, 0, 1);
	assert_true(copies_has(&r, &other));
	other = key(8, 1, 3);
	assert_false(copies_has(&r, &other));
	other = key(9, 0, 1);
	assert_false(copies_has(&r, &other));
	p[0].is_retired = true;
	other = key(8, 1, 1);
	assert_false(copies_has(&r, &other));
}

static void
place_in_a_copy(void **state)
{
	struct copies_key p[] = {key(8, 0, 1), key(8, 3, 2)}, other;
	struct copies_ring r = {p, 2};
	uint32_t at;

	(void)state;
	other = key(8, 1, 9);
	copies_place(&r, &other, &at);
	assert_int_equal(at, 1);
	other = key(8, 3, 9);
	copies_place(&r, &other, &at);
	assert_int_equal(at, 4);
	other = key(7, 3, 9);
	copies_place(&r, &other, &at);
	assert_int_equal(at, 3);
}

/* The newest name stays that of the listed key. */
static void
place_in_a_store(void **state)
{
	struct schedule_epoch line = {.number = 8};
	struct schedule s = {.n_inboxes = 1, .epochs = &line, .n_epochs = 1};
	struct copies_key p[] = {key(8, 0, 1), key(8, 2, 2)}, other;
	struct copies_ring r = {p, 2};
	uint32_t at = 77;

	(void)state;
	strcpy(s.inboxes[0].name, "tips");
	memset(line.recipient, 5, AGE_KEY);
	other = key(8, 0, 9);
	assert_true(copies_place_listed(&r, &other, NULL, &at));
	assert_int_equal(at, 1);
	other = key(8, 6, 9);
	assert_true(copies_place_listed(&r, &other, &s, &at));
	assert_int_equal(at, 1);
	other = key(7, 1, 9);
	assert_true(copies_place_listed(&r, &other, &s, &at));
	assert_int_equal(at, 1);
	/* The listed one goes on top. */
	other = key(8, 1, 5);
	assert_true(copies_place_listed(&r, &other, &s, &at));
	assert_int_equal(at, 3);
	other = key(8, 7, 5);
	assert_true(copies_place_listed(&r, &other, &s, &at));
	assert_int_equal(at, 7);
	/* No name is left below. */
	p[1].epoch.replacement = 1;
	at = 77;
	other = key(8, 0, 9);
	assert_false(copies_place_listed(&r, &other, &s, &at));
	assert_int_equal(at, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compared_by_recipient),
	    cmocka_unit_test(place_in_a_copy),
	    cmocka_unit_test(place_in_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
