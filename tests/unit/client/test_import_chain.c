#include "import_rig.h"

#include "alarm.h"

/* One bundle after another: serials, the chain of their hashes, the schedules that they carry. */

static void
import_serial(struct desk *d, struct rig_bundle *b, uint32_t serial, const uint8_t *previous)
{
	struct import_report r;
	struct buf tar;

	b->head.serial = serial;
	b->head.made = RIG_DAY + (int32_t)serial;
	memset(b->head.previous, 0, HASH_LEN);
	if (previous != NULL)
		memcpy(b->head.previous, previous, HASH_LEN);
	buf_init(&tar, SIZE_MAX / 2);
	rig_bundle_write(b, buf_sink(&tar));
	assert_ok(desk_import(d, &tar, tar.len, &r, NULL));
	buf_wipe(&tar);
}

static void
a_gap_is_an_alarm_until_it_is_closed(void **state)
{
	uint8_t hashes[6][HASH_LEN] = {{0}};
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	memcpy(hashes[1], b.hash, HASH_LEN);
	import_serial(&d, &b, 2, hashes[1]);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	memcpy(hashes[2], b.hash, HASH_LEN);
	import_serial(&d, &b, 3, hashes[2]); /* writes bundle 3, to know its hash */
	memcpy(hashes[3], b.hash, HASH_LEN);
	desk_wipe(&d);

	desk_init(&d, 1);
	import_serial(&d, &b, 1, NULL);
	import_serial(&d, &b, 4, hashes[3]);
	assert_int_equal(only_alarm(&d).kind, CATALOG_GAP);
	assert_int_equal(only_alarm(&d).a, 2);
	assert_int_equal(only_alarm(&d).b, 3);
	import_serial(&d, &b, 3, hashes[2]);
	assert_int_equal(alarm_count(&d.v->catalog), 1);
	import_serial(&d, &b, 2, hashes[1]);
	assert_int_equal(alarm_count(&d.v->catalog), 0);
	assert_int_equal(d.v->catalog.n_alarms, 1);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
two_bundles_of_one_serial_are_an_alarm(void **state)
{
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	b.schedule = 0;
	add_small(&b, 1, 5);
	import_serial(&d, &b, 1, NULL);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_FORK);
	/* What it brought is kept all the same, and the first stays on record. */
	assert_int_equal(d.v->catalog.n_items, 1);
	assert_int_equal(d.v->catalog.bundles[0].items, 0);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_broken_chain_is_an_alarm(void **state)
{
	static const uint8_t wrong[HASH_LEN] = {1};
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	import_serial(&d, &b, 2, wrong);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(&d).a, 2);
	desk_wipe(&d);
	/* Found from the other side, too. */
	desk_init(&d, 1);
	import_serial(&d, &b, 2, wrong);
	import_serial(&d, &b, 1, NULL);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(&d).a, 2);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_step_back_is_an_alarm(void **state)
{
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 5);
	import_serial(&d, &b, 5, NULL);
	/* An older bundle that comes late is none. */
	import_serial(&d, &b, 2, NULL);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	/* One that was made later than bundle 5 is. */
	b.head.serial = 3;
	b.head.made = RIG_DAY + 100;
	memcpy(b.head.previous, b.hash, HASH_LEN);
	buf_init(&tar, SIZE_MAX / 2);
	rig_bundle_write(&b, buf_sink(&tar));
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_BACK);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
schedules_are_pinned(void **state)
{
	uint8_t hash[HASH_LEN];
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.schedule = 14;
	import_serial(&d, &b, 1, NULL);
	assert_non_null(catalog_find_schedule(&d.v->catalog, 14));
	assert_int_equal(d.v->catalog.n_alarms, 0);
	memcpy(hash, b.hash, HASH_LEN);
	b.schedule = 13;
	import_serial(&d, &b, 2, hash);
	assert_int_equal(only_alarm(&d).kind, CATALOG_SCHEDULE_BACK);
	assert_int_equal(only_alarm(&d).a, 13);
	assert_int_equal(only_alarm(&d).b, 14);
	memcpy(hash, b.hash, HASH_LEN);
	b.schedule = 15;
	b.root = "evil";
	import_serial(&d, &b, 3, hash);
	assert_null(catalog_find_schedule(&d.v->catalog, 15));
	assert_int_equal(d.v->catalog.n_alarms, 2);
	assert_int_equal(d.v->catalog.alarms[1].kind, CATALOG_SCHEDULE_BAD);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_gap_is_an_alarm_until_it_is_closed),
	    cmocka_unit_test(two_bundles_of_one_serial_are_an_alarm),
	    cmocka_unit_test(a_broken_chain_is_an_alarm),
	    cmocka_unit_test(a_step_back_is_an_alarm),
	    cmocka_unit_test(schedules_are_pinned),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
