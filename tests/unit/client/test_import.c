#include "import_rig.h"

#include <sys/wait.h>

#include "alarm.h"
#include "verify.h"

static void
a_bundle_comes_in_whole(void **state)
{
	struct import_report r;
	struct verify_result checked;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t i;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	rig_bundle(&b, 1);
	make_bundle(&tar, &b, 0, 3);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_true(r.is_authentic && r.is_first && !r.is_cut);
	assert_int_equal(r.listed, 3);
	assert_int_equal(r.added, 3);
	assert_int_equal(r.had + r.missing + r.unopened, 0);
	for (i = 0; i <= IMPORT_ENDED; i++)
		assert_int_equal(notes.n[i], 0);
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(d.v->catalog.n_items, 3);
	assert_int_equal(d.v->catalog.n_bundles, 1);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	assert_true(d.v->catalog.bundles[0].is_whole);
	assert_int_equal(d.v->catalog.bundles[0].schedule, RIG_SERIAL);
	for (i = 0; i < 3; i++) {
		assert_int_equal(d.v->catalog.items[i]->state, CATALOG_OPENED);
		assert_int_equal(d.v->catalog.items[i]->flags, 0);
		assert_int_equal(d.v->catalog.items[i]->n_topics, 2);
		assert_ok(verify_item(d.v, d.v->catalog.items[i], desk_nowhere(), &checked));
		assert_ok(checked.file.e);
		assert_ok(checked.open.e);
	}
	/* The same volume again is fine, and changes nothing. */
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_false(r.is_first);
	assert_int_equal(r.had, 3);
	assert_int_equal(r.added + r.missing, 0);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* A pipe can't be sought in. */
static void
a_bundle_comes_through_a_pipe(void **state)
{
	struct import_events ev = {NULL, NULL, NULL};
	struct import_report r;
	struct rig_bundle b;
	const char *why;
	struct buf tar;
	struct desk d;
	int fds[2];
	pid_t pid;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	make_bundle(&tar, &b, 0, 2);
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		_exit(io_write_all(fds[1], tar.p, tar.len) == ERR_OK ? 0 : 1);
	}
	close(fds[1]);
	assert_ok(import_run(d.v, fds[0], &ev, &r, &why));
	assert_int_equal(r.added, 2);
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
volumes_come_in_any_order(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t i;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.head.volumes = 2;
	b.head.volume = 2;
	make_bundle(&tar, &b, 0, 4);
	for (i = 0; i < 4; i++)
		b.items[i].is_left_out = i < 2;
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 2);
	assert_int_equal(notes.n[IMPORT_MISSING], 2);
	b.head.volume = 1;
	for (i = 0; i < 4; i++)
		b.items[i].is_left_out = i >= 2;
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 2);
	assert_int_equal(r.had, 2);
	assert_int_equal(notes.n[IMPORT_MISSING], 0);
	assert_int_equal(d.v->catalog.n_bundles, 2);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	assert_true(catalog_find_bundle(&d.v->catalog, 1, 1)->is_whole);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
foreign_members_stay_out(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.foreign = "autorun.inf";
	make_bundle(&tar, &b, 0, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_FOREIGN], 1);
	assert_string_equal(notes.last, "autorun.inf");
	assert_int_equal(r.added, 1);
	assert_int_equal(faccessat(d.v->items, "autorun.inf", F_OK, 0), -1);
	b.foreign = "00000000000000000000000000000000.age";
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_UNLISTED], 1);
	b.foreign = "keys/stray.txt"; /* a schedule without its signature */
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_SCHEDULE], 1);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
another_transfer_key_brings_nothing_in(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	make_bundle(&tar, &b, 0, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	b.transfer = "evil";
	b.head.serial = 2;
	write_again(&tar, &b);
	assert_err(desk_import(&d, &tar, tar.len, &r, &notes), ERR_AUTH);
	assert_false(r.is_authentic);
	assert_int_equal(only_alarm(&d).kind, CATALOG_TRANSFER_KEY);
	assert_int_equal(d.v->catalog.n_bundles, 1);
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(alarm_count(&d.v->catalog), 1); /* it stays visible */
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
another_instance_brings_nothing_in(void **state)
{
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	strcpy(b.head.instance, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion");
	make_bundle(&tar, &b, 0, 1);
	assert_err(desk_import(&d, &tar, tar.len, &r, NULL), ERR_AUTH);
	assert_false(d.v->catalog.has_transfer);
	assert_int_equal(d.v->catalog.n_items, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
what_is_no_bundle_is_refused(void **state)
{
	static uint8_t junk[4096];
	struct buf text = {.p = junk, .len = sizeof junk};
	struct import_report r;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_err(desk_import(&d, &text, 0, &r, NULL), ERR_TRUNCATED);
	assert_err(desk_import(&d, &text, 4096, &r, NULL), ERR_FORMAT); /* an empty archive */
	harness_fill(junk, sizeof junk, 1);
	assert_err(desk_import(&d, &text, 4096, &r, NULL), ERR_FORMAT);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bundle_comes_in_whole),
	    cmocka_unit_test(a_bundle_comes_through_a_pipe),
	    cmocka_unit_test(foreign_members_stay_out),
	    cmocka_unit_test(another_transfer_key_brings_nothing_in),
	    cmocka_unit_test(another_instance_brings_nothing_in),
	    cmocka_unit_test(what_is_no_bundle_is_refused),
	    cmocka_unit_test(volumes_come_in_any_order),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
