#include "import_rig.h"

#include "alarm.h"

/* One bundle after another: serials, the chain of their hashes, the schedules that they carry. */

static void
import_serial(struct scene *s, uint32_t serial, const uint8_t *previous)
{
	struct bundle_head *head = &s->bundle.head;

	head->serial = serial;
	head->made = RIG_DAY + (int32_t)serial;
	memset(head->previous, 0, HASH_LEN);
	if (previous != NULL)
		memcpy(head->previous, previous, HASH_LEN);
	write_bundle(s);
	assert_ok(import_whole(s));
}

static void
a_gap_is_an_alarm_until_it_is_closed(void **state)
{
	struct scene *s = *state;
	uint8_t hashes[6][HASH_LEN] = {{0}};

	import_serial(s, 1, NULL);
	memcpy(hashes[1], s->bundle.hash, HASH_LEN);
	import_serial(s, 2, hashes[1]);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
	memcpy(hashes[2], s->bundle.hash, HASH_LEN);
	import_serial(s, 3, hashes[2]); /* writes bundle 3, to know its hash */
	memcpy(hashes[3], s->bundle.hash, HASH_LEN);

	fresh_desk(s, 1);
	import_serial(s, 1, NULL);
	import_serial(s, 4, hashes[3]);
	assert_int_equal(only_alarm(s).kind, CATALOG_GAP);
	assert_int_equal(only_alarm(s).a, 2);
	assert_int_equal(only_alarm(s).b, 3);
	import_serial(s, 3, hashes[2]);
	assert_int_equal(alarm_count(&s->desk.v->catalog), 1);
	import_serial(s, 2, hashes[1]);
	assert_int_equal(alarm_count(&s->desk.v->catalog), 0);
	assert_int_equal(s->desk.v->catalog.n_alarms, 1);
}

static void
two_bundles_of_one_serial_are_an_alarm(void **state)
{
	struct scene *s = *state;

	import_serial(s, 1, NULL);
	s->bundle.schedule = 0;
	add_small(s, 1, 5);
	import_serial(s, 1, NULL);
	assert_int_equal(only_alarm(s).kind, CATALOG_BUNDLE_FORK);
	/* What it brought is kept all the same, and the first stays on record. */
	assert_int_equal(s->desk.v->catalog.n_items, 1);
	assert_int_equal(s->desk.v->catalog.bundles[0].items, 0);
}

static void
a_broken_chain_is_an_alarm(void **state)
{
	struct scene *s = *state;
	static const uint8_t wrong[HASH_LEN] = {1};

	import_serial(s, 1, NULL);
	import_serial(s, 2, wrong);
	assert_int_equal(only_alarm(s).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(s).a, 2);
	/* Found from the other side, too. */
	fresh_desk(s, 1);
	import_serial(s, 2, wrong);
	import_serial(s, 1, NULL);
	assert_int_equal(only_alarm(s).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(s).a, 2);
}

static void
a_step_back_is_an_alarm(void **state)
{
	struct scene *s = *state;

	import_serial(s, 5, NULL);
	/* An older bundle that comes late is none. */
	import_serial(s, 2, NULL);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
	/* One that was made later than bundle 5 is. */
	s->bundle.head.serial = 3;
	s->bundle.head.made = RIG_DAY + 100;
	memcpy(s->bundle.head.previous, s->bundle.hash, HASH_LEN);
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(only_alarm(s).kind, CATALOG_BUNDLE_BACK);
}

static void
schedules_are_pinned(void **state)
{
	struct scene *s = *state;
	uint8_t hash[HASH_LEN];

	s->bundle.schedule = 14;
	import_serial(s, 1, NULL);
	assert_non_null(catalog_find_schedule(&s->desk.v->catalog, 14));
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
	memcpy(hash, s->bundle.hash, HASH_LEN);
	s->bundle.schedule = 13;
	import_serial(s, 2, hash);
	assert_int_equal(only_alarm(s).kind, CATALOG_SCHEDULE_BACK);
	assert_int_equal(only_alarm(s).a, 13);
	assert_int_equal(only_alarm(s).b, 14);
	memcpy(hash, s->bundle.hash, HASH_LEN);
	s->bundle.schedule = 15;
	s->bundle.root = "evil";
	import_serial(s, 3, hash);
	assert_null(catalog_find_schedule(&s->desk.v->catalog, 15));
	assert_int_equal(s->desk.v->catalog.n_alarms, 2);
	assert_int_equal(s->desk.v->catalog.alarms[1].kind, CATALOG_SCHEDULE_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(a_gap_is_an_alarm_until_it_is_closed),
	    SCENE_TEST(two_bundles_of_one_serial_are_an_alarm),
	    SCENE_TEST(a_broken_chain_is_an_alarm),
	    SCENE_TEST(a_step_back_is_an_alarm),
	    SCENE_TEST(schedules_are_pinned),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
