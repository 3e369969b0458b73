#include "import_rig.h"

#include <sys/wait.h>

#include "alarm.h"
#include "verify.h"

static void
a_bundle_comes_in_whole(void **state)
{
	struct scene *s = *state;
	struct verify_result checked;
	size_t i;

	fresh_desk(s, RIG_EPOCHS);
	make_bundle(s, 0, 3);
	assert_ok(import_whole(s));
	assert_true(s->report.is_authentic && s->report.is_first && !s->report.is_cut);
	assert_int_equal(s->report.listed, 3);
	assert_int_equal(s->report.added, 3);
	assert_int_equal(s->report.had + s->report.missing + s->report.unopened, 0);
	for (i = 0; i <= IMPORT_ENDED; i++)
		assert_int_equal(s->notes.n[i], 0);
	desk_close(&s->desk);
	desk_open(&s->desk);
	assert_int_equal(s->desk.v->catalog.n_items, 3);
	assert_int_equal(s->desk.v->catalog.n_bundles, 1);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
	assert_true(s->desk.v->catalog.bundles[0].is_whole);
	assert_int_equal(s->desk.v->catalog.bundles[0].schedule, RIG_SERIAL);
	for (i = 0; i < 3; i++) {
		assert_int_equal(s->desk.v->catalog.items[i]->state, CATALOG_OPENED);
		assert_int_equal(s->desk.v->catalog.items[i]->flags, 0);
		assert_int_equal(s->desk.v->catalog.items[i]->n_topics, 2);
		assert_ok(
		    verify_item(s->desk.v, s->desk.v->catalog.items[i], desk_nowhere(), &checked));
		assert_ok(checked.file.e);
		assert_ok(checked.open.e);
	}
	/* The same volume again is fine, and changes nothing. */
	assert_ok(import_whole(s));
	assert_false(s->report.is_first);
	assert_int_equal(s->report.had, 3);
	assert_int_equal(s->report.added + s->report.missing, 0);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
}

/* A pipe can't be sought in. */
static void
a_bundle_comes_through_a_pipe(void **state)
{
	struct scene *s = *state;
	struct import_events ev = {NULL, NULL, NULL};
	const char *why;
	int fds[2];
	pid_t pid;

	make_bundle(s, 0, 2);
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		_exit(io_write_all(fds[1], s->tar.p, s->tar.len) == ERR_OK ? 0 : 1);
	}
	close(fds[1]);
	assert_ok(import_run(s->desk.v, fds[0], &ev, &s->report, &why));
	assert_int_equal(s->report.added, 2);
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
volumes_come_in_any_order(void **state)
{
	struct scene *s = *state;
	size_t i;

	s->bundle.head.volumes = 2;
	s->bundle.head.volume = 2;
	make_bundle(s, 0, 4);
	for (i = 0; i < 4; i++)
		s->bundle.items[i].is_left_out = i < 2;
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.added, 2);
	assert_int_equal(s->notes.n[IMPORT_MISSING], 2);
	s->bundle.head.volume = 1;
	for (i = 0; i < 4; i++)
		s->bundle.items[i].is_left_out = i >= 2;
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.added, 2);
	assert_int_equal(s->report.had, 2);
	assert_int_equal(s->notes.n[IMPORT_MISSING], 0);
	assert_int_equal(s->desk.v->catalog.n_bundles, 2);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
	assert_true(catalog_find_bundle(&s->desk.v->catalog, 1, 1)->is_whole);
}

static void
foreign_members_stay_out(void **state)
{
	struct scene *s = *state;

	s->bundle.foreign = "autorun.inf";
	make_bundle(s, 0, 1);
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_FOREIGN], 1);
	assert_string_equal(s->notes.last, "autorun.inf");
	assert_int_equal(s->report.added, 1);
	assert_int_equal(faccessat(s->desk.v->items, "autorun.inf", F_OK, 0), -1);
	s->bundle.foreign = "00000000000000000000000000000000.age";
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_UNLISTED], 1);
	s->bundle.foreign = "keys/stray.txt"; /* a schedule without its signature */
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_SCHEDULE], 1);
}

static void
another_transfer_key_brings_nothing_in(void **state)
{
	struct scene *s = *state;

	make_bundle(s, 0, 1);
	assert_ok(import_whole(s));
	s->bundle.transfer = "evil";
	s->bundle.head.serial = 2;
	write_bundle(s);
	assert_err(import_whole(s), ERR_AUTH);
	assert_false(s->report.is_authentic);
	assert_int_equal(only_alarm(s).kind, CATALOG_TRANSFER_KEY);
	assert_int_equal(s->desk.v->catalog.n_bundles, 1);
	desk_close(&s->desk);
	desk_open(&s->desk);
	assert_int_equal(alarm_count(&s->desk.v->catalog), 1); /* it stays visible */
}

static void
another_instance_brings_nothing_in(void **state)
{
	struct scene *s = *state;

	strcpy(s->bundle.head.instance,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion");
	make_bundle(s, 0, 1);
	assert_err(import_whole(s), ERR_AUTH);
	assert_false(s->desk.v->catalog.has_transfer);
	assert_int_equal(s->desk.v->catalog.n_items, 0);
}

static void
what_is_no_bundle_is_refused(void **state)
{
	struct scene *s = *state;
	static uint8_t junk[4096];
	struct buf text = {.p = junk, .len = sizeof junk};

	assert_err(desk_import(&s->desk, &text, 0, &s->report, NULL), ERR_TRUNCATED);
	assert_err(desk_import(&s->desk, &text, 4096, &s->report, NULL),
	    ERR_FORMAT); /* an empty archive */
	harness_fill(junk, sizeof junk, 1);
	assert_err(desk_import(&s->desk, &text, 4096, &s->report, NULL), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(a_bundle_comes_in_whole),
	    SCENE_TEST(a_bundle_comes_through_a_pipe),
	    SCENE_TEST(foreign_members_stay_out),
	    SCENE_TEST(another_transfer_key_brings_nothing_in),
	    SCENE_TEST(another_instance_brings_nothing_in),
	    SCENE_TEST(what_is_no_bundle_is_refused),
	    SCENE_TEST(volumes_come_in_any_order),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
