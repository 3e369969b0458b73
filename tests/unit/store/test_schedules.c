#include "fixture.h"

#include "base/text.h"
#include "carry/schedule_name.h"
#include "store/schedules.h"

struct rig {
	const struct fixture *f;
	int keys;
	struct schedules s;
	struct reason why;
	bool is_gap;
};

static struct rig
rig_up(void **state)
{
	struct rig r = {.f = *state, .keys = -1};

	assert_ok(io_open_dir(AT_FDCWD, r.f->dir, &r.keys));
	schedules_init(&r.s);
	return r;
}

static void
rig_down(struct rig *r)
{
	schedules_wipe(&r->s);
	io_close(&r->keys);
}

static enum err
accept(struct rig *r, const struct fixture_schedule *from)
{
	struct buf text, sig;
	enum err e;

	fixture_sign(r->f, from, &text, &sig);
	e = schedules_accept(
	    &r->s, r->keys, FIXTURE_ONION, &r->f->root.public, &text, &sig, &r->is_gap, &r->why);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

static enum err
load(struct rig *r)
{
	return schedules_load(&r->s, r->keys, FIXTURE_ONION, &r->f->root.public, &r->why);
}

/* What follows the active one properly. */
static struct fixture_schedule
next(const struct rig *r, uint32_t serial)
{
	static uint8_t previous[HASH_LEN];

	memcpy(previous, r->s.hash, HASH_LEN);
	return (struct fixture_schedule){.serial = serial,
	    .issued = 20000,
	    .start = 20000,
	    .epochs = 4,
	    .previous = r->s.active == NULL ? NULL : previous};
}

static void
an_empty_folder_has_none(void **state)
{
	struct rig r = rig_up(state);

	assert_ok(load(&r));
	assert_null(r.s.active);
	assert_false(schedules_has_key(&r.s, 20000));
	rig_down(&r);
}

static void
a_chain_is_kept_and_loaded_again(void **state)
{
	struct rig r = rig_up(state);
	struct fixture_schedule f = next(&r, 5);
	uint8_t odd[HASH_LEN] = {1}, hash[HASH_LEN];
	struct stat st;

	f.previous = odd; /* the first one may follow anything */
	assert_ok(accept(&r, &f));
	assert_false(r.is_gap);
	f = next(&r, 6);
	assert_ok(accept(&r, &f));
	assert_false(r.is_gap);
	memcpy(hash, r.s.hash, HASH_LEN);
	assert_ok(accept(&r, &f)); /* the same again */
	f = next(&r, 9);
	assert_ok(accept(&r, &f));
	assert_true(r.is_gap);
	assert_int_equal(r.s.active->serial, 9);
	assert_int_equal(fstatat(r.keys, "keys-0005.txt.minisig", &st, 0), 0);
	assert_int_equal(fstatat(r.keys, "keys-0006.txt", &st, 0), 0);
	schedules_wipe(&r.s);
	assert_ok(load(&r));
	assert_int_equal(r.s.active->serial, 9);
	assert_int_equal(r.s.floor, 9);
	assert_true(schedules_has_key(&r.s, 20000));
	assert_true(schedules_has_key(&r.s, 20055));
	assert_false(schedules_has_key(&r.s, 20056));
	assert_false(schedules_has_key(&r.s, 19999));
	rig_down(&r);
}

static void
what_must_not_follow_is_refused(void **state)
{
	struct rig r = rig_up(state);
	struct fixture_schedule f = next(&r, 5);
	uint8_t odd[HASH_LEN] = {1};

	assert_ok(accept(&r, &f));
	f.first = 3; /* other keys under the same serial */
	assert_err(accept(&r, &f), ERR_FORK);
	f = next(&r, 4);
	assert_err(accept(&r, &f), ERR_ROLLBACK);
	f = next(&r, 6);
	f.previous = odd;
	assert_err(accept(&r, &f), ERR_AUTH);
	f = next(&r, 6);
	f.start = 19999; /* an epoch in use moves */
	assert_err(accept(&r, &f), ERR_PROFILE);
	f = next(&r, 6);
	f.instance = "zbcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion";
	assert_err(accept(&r, &f), ERR_USAGE);
	assert_int_equal(r.s.active->serial, 5);
	assert_string_not_equal(r.why.text, "");
	rig_down(&r);
}

static void
only_the_root_key_counts(void **state)
{
	struct rig r = rig_up(state);
	struct fixture_schedule f = next(&r, 5);
	struct fixture other = *r.f;
	struct buf text, sig;
	size_t i;

	sign_key_new(&other.root);
	fixture_sign(&other, &f, &text, &sig);
	assert_int_not_equal(schedules_accept(&r.s, r.keys, FIXTURE_ONION, &r.f->root.public, &text,
				 &sig, &r.is_gap, &r.why),
	    ERR_OK);
	buf_wipe(&text);
	buf_wipe(&sig);
	fixture_sign(r.f, &f, &text, &sig);
	for (i = 0; i < text.len; i++) {
		text.p[i] ^= 1;
		assert_int_not_equal(schedules_accept(&r.s, r.keys, FIXTURE_ONION,
					 &r.f->root.public, &text, &sig, &r.is_gap, &r.why),
		    ERR_OK);
		text.p[i] ^= 1;
	}
	assert_null(r.s.active);
	buf_wipe(&text);
	buf_wipe(&sig);
	rig_down(&r);
}

/* Somebody changes the newest copy on the disk: no older one takes its place. */
static void
a_damaged_copy_is_no_way_back(void **state)
{
	struct rig r = rig_up(state);
	struct fixture_schedule five = next(&r, 5), six;
	int fd;

	assert_ok(accept(&r, &five));
	six = next(&r, 6);
	assert_ok(accept(&r, &six));
	fd = openat(r.keys, "keys-0006.txt", O_WRONLY);
	assert_int_equal(pwrite(fd, "X", 1, 40), 1);
	close(fd);
	assert_err(load(&r), ERR_AUTH);
	assert_null(r.s.active);
	assert_int_equal(r.s.floor, 6);
	assert_err(accept(&r, &five), ERR_ROLLBACK);
	six.previous = NULL;
	assert_ok(accept(&r, &six));
	assert_ok(load(&r));
	assert_int_equal(r.s.active->serial, 6);
	/* The signature alone is missing. */
	assert_int_equal(unlinkat(r.keys, "keys-0006.txt.minisig", 0), 0);
	assert_err(load(&r), ERR_AUTH);
	rig_down(&r);
}

static void
names_have_one_spelling(void **state)
{
	char name[SCHEDULE_NAME_MAX];

	(void)state;
	schedule_name(name, 12, SCHEDULE_NAME_TEXT);
	assert_string_equal(name, "keys-0012.txt");
	schedule_name(name, UINT32_MAX, SCHEDULE_NAME_SIG);
	assert_string_equal(name, "keys-4294967295.txt.minisig");
	assert_int_equal(schedule_name_serial("keys-0012.txt"), 12);
	assert_int_equal(schedule_name_serial("keys-4294967295.txt"), UINT32_MAX);
	assert_int_equal(schedule_name_serial("keys-4294967296.txt"), 0);
	assert_int_equal(schedule_name_serial("keys-12.txt"), 0);
	assert_int_equal(schedule_name_serial("keys-00012.txt"), 0);
	assert_int_equal(schedule_name_serial("keys-0012.txt.minisig"), 0);
	assert_int_equal(schedule_name_serial("keys-0012.tx"), 0);
	assert_int_equal(schedule_name_serial("keys-.txt"), 0);
	assert_int_equal(schedule_name_serial("keys-001x.txt"), 0);
	assert_int_equal(schedule_name_serial("keys.txt"), 0);
	assert_int_equal(schedule_name_serial("keys-0000.txt"), 0);
	assert_int_equal(schedule_name_serial(""), 0);
}

static void
a_guess_is_the_lowest_that_can_be(void **state)
{
	char inbox[LIMIT_INBOX_NAME + 1];
	struct rig r = rig_up(state);
	struct fixture_schedule f = next(&r, 5);
	uint32_t epoch = 0;

	schedules_guess(&r.s, 20000, inbox, &epoch);
	assert_string_equal(inbox, "unknown");
	assert_int_equal(epoch, 1);
	assert_ok(accept(&r, &f));
	schedules_guess(&r.s, 20014, inbox, &epoch); /* the second epoch's first day */
	assert_string_equal(inbox, "tips");
	assert_int_equal(epoch, 1);
	/* The longest upload may have begun on the first epoch's last day. */
	schedules_guess(&r.s, 20013 + LIMIT_UPLOAD_DAYS, inbox, &epoch);
	assert_int_equal(epoch, 1);
	schedules_guess(&r.s, 20014 + LIMIT_UPLOAD_DAYS, inbox, &epoch);
	assert_int_equal(epoch, 2);
	schedules_guess(&r.s, 20000, inbox, &epoch);
	assert_int_equal(epoch, 1);
	schedules_guess(&r.s, 30000, inbox, &epoch);
	assert_int_equal(epoch, 1);
	/* Of several inboxes it could be any, so it is none of them. */
	memcpy(r.s.active->inboxes[1].name, "arts", sizeof "arts");
	r.s.active->n_inboxes = 2;
	epoch = 7;
	schedules_guess(&r.s, 20030, inbox, &epoch);
	assert_string_equal(inbox, "unknown");
	assert_int_equal(epoch, 1);
	rig_down(&r);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(an_empty_folder_has_none),
	    WITH(a_chain_is_kept_and_loaded_again),
	    WITH(what_must_not_follow_is_refused),
	    WITH(only_the_root_key_counts),
	    WITH(a_damaged_copy_is_no_way_back),
	    WITH(a_guess_is_the_lowest_that_can_be),
	    cmocka_unit_test(names_have_one_spelling),
	};

	return cmocka_run_group_tests_name("store schedules", tests, NULL, NULL);
}
