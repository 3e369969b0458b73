#include "depot_rig.h"

#include <errno.h>

/* A store is made, opened, published to; and what keeps it from that. */

static void
a_store_is_made_once_and_opens(void **state)
{
	const struct fixture *f = *state;
	struct op_status st;
	struct depot d;
	struct stat s;

	assert_ok(create_it(f));
	assert_err(create_it(f), ERR_EXISTS);
	assert_ok(open_it(&d, f));
	assert_string_equal(why.text, "");
	assert_ok(depot_status(&d, &st));
	assert_int_equal(st.items, 0);
	assert_int_equal(st.serial, 0);
	assert_int_equal(st.exports, 0);
	assert_int_equal(st.today, clock_today());
	assert_int_equal(st.seen, clock_today());
	assert_true(st.is_clock_good);
	depot_close(&d);
	depot_close(&d);
	assert_int_equal(stat(in_store(f, "transfer.key"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
}

static void
an_interrupted_init_can_be_repeated(void **state)
{
	const struct fixture *f = *state;
	struct depot d;

	assert_ok(create_it(f));
	assert_int_equal(unlink(in_store(f, "state")), 0);
	assert_err(open_it(&d, f), ERR_NOTFOUND);
	assert_why("isn't a store yet");
	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	depot_close(&d);

	/* But not over submissions. */
	assert_int_equal(unlink(in_store(f, "state")), 0);
	close(open(in_store(f, "items/x"), O_WRONLY | O_CREAT, 0600));
	assert_err(create_it(f), ERR_EXISTS);
	assert_why("restore it from the backup");
}

static void
foreign_folders_are_left_alone(void **state)
{
	struct fixture *f = *state;
	struct depot d;

	close(open(in_store(f, "letter.txt"), O_WRONLY | O_CREAT, 0600));
	assert_err(create_it(f), ERR_EXISTS);
	assert_why("isn't empty (letter.txt)");
	assert_int_equal(unlink(in_store(f, "letter.txt")), 0);
	assert_int_equal(chmod(f->dir, 0750), 0);
	assert_err(create_it(f), ERR_MODE);
	assert_why("can be used by others (mode 750)");
	assert_int_equal(chmod(f->dir, 0700), 0);
	assert_ok(create_it(f));
	assert_int_equal(chmod(in_store(f, "items"), 0701), 0);
	assert_err(open_it(&d, f), ERR_MODE);
	assert_int_equal(chmod(in_store(f, "items"), 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(f->dir, 65534, 65534), 0);
		assert_err(open_it(&d, f), ERR_MODE);
		assert_why("belongs to user 65534");
	}
	strcat(f->conf.store_path, "/no");
	assert_err(open_it(&d, f), ERR_NOTFOUND);
	assert_why("sealslotd init");
	assert_int_equal(symlink(f->dir, in_store(f, "no")), 0);
	assert_err(open_it(&d, f), ERR_MODE);
	assert_why("not a link");
}

static void
there_is_one_writer(void **state)
{
	const struct fixture *f = *state;
	struct depot one, two;

	assert_ok(create_it(f));
	assert_ok(open_it(&one, f));
	assert_err(open_it(&two, f), ERR_BUSY);
	assert_why("Another sealslotd");
	depot_close(&one);
	assert_ok(open_it(&two, f));
	depot_close(&two);
}

static void
the_root_key_is_pinned(void **state)
{
	struct fixture *f = *state;
	struct depot d;

	assert_ok(create_it(f));
	sign_key_new(&f->root);
	assert_err(open_it(&d, f), ERR_AUTH);
	assert_why("isn't the one that this store was made with");
}

static void
status_tells_what_is_published(void **state)
{
	const struct fixture *f = *state;
	int32_t today = clock_today();
	struct fixture_schedule s = {.serial = 1, .issued = today, .start = today, .epochs = 4};
	struct op_status st;
	struct depot d;

	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	assert_ok(publish(&d, f, &s));
	assert_string_equal(why.text, "");
	assert_ok(depot_status(&d, &st));
	assert_int_equal(st.serial, 1);
	assert_int_equal(st.issued, today);
	assert_int_equal(st.keys_end, today + 56);
	s.serial = 3;
	assert_ok(publish(&d, f, &s));
	assert_why("Between schedule 1 and 3 some are missing");
	depot_close(&d);
	assert_ok(open_it(&d, f));
	assert_int_equal(d.schedules.active->serial, 3);
	assert_ok(depot_reload(&d, &why));
	assert_int_equal(d.schedules.active->serial, 3);
	depot_close(&d);
}

static void
a_schedule_that_was_tampered_with_doesnt_stop_the_store(void **state)
{
	const struct fixture *f = *state;
	int32_t today = clock_today();
	struct fixture_schedule s = {.serial = 1, .issued = today, .start = today, .epochs = 4};
	struct depot d;
	int fd;

	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	assert_ok(publish(&d, f, &s));
	depot_close(&d);
	fd = open(in_store(f, "keys/keys-0001.txt"), O_WRONLY);
	assert_int_equal(pwrite(fd, "X", 1, 100), 1);
	close(fd);
	assert_ok(open_it(&d, f));
	assert_null(d.schedules.active);
	assert_why("doesn't verify");
	assert_ok(publish(&d, f, &s));
	assert_non_null(d.schedules.active);
	depot_close(&d);
}

static void
a_read_only_disk_is_said_plainly(void **state)
{
	const struct fixture *f = *state;
	struct depot d;

	fixture_own_mounts();
	assert_int_equal(mount("none", f->dir, "tmpfs", 0, "size=4m,mode=700"), 0);
	assert_ok(create_it(f));
	assert_int_equal(mount("none", f->dir, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_err(open_it(&d, f), ERR_SYS);
	assert_why("Read-only file system");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(umount(f->dir), 0);
}

/* Takes all room that is left. */
static void
fill_up(const struct fixture *f)
{
	static const uint8_t block[4096];
	int fd = open(in_store(f, "filler"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	while (write(fd, block, sizeof block) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

/* On a disk that is full to its last block a bundle is counted, and the clock declared right. */
static void
a_full_disk_remembers(void **state)
{
	const struct fixture *f = *state;
	uint32_t i;
	struct depot d;

	fixture_own_mounts();
	assert_int_equal(mount("none", f->dir, "tmpfs", 0, "size=512k,mode=700"), 0);
	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	for (i = 1; i <= 5; i++) {
		fill_up(f);
		assert_ok(depot_clock_ok(&d, &why));
	}
	/* Without the spare it can't, says so, and the old state stays. */
	fill_up(f);
	assert_int_equal(unlink(in_store(f, "spare")), 0);
	fill_up(f);
	assert_err(depot_clock_ok(&d, &why), ERR_NOSPACE);
	assert_why("Can't write the file \"state\"");
	depot_close(&d);
	assert_int_equal(unlink(in_store(f, "filler")), 0);
	assert_ok(open_it(&d, f));
	assert_int_equal(d.state.clock_oks, 5);
	assert_int_equal(access(in_store(f, "spare"), F_OK), 0);
	depot_close(&d);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(umount(f->dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_store_is_made_once_and_opens),
	    WITH(an_interrupted_init_can_be_repeated),
	    WITH(foreign_folders_are_left_alone),
	    WITH(there_is_one_writer),
	    WITH(the_root_key_is_pinned),
	    WITH(status_tells_what_is_published),
	    WITH(a_schedule_that_was_tampered_with_doesnt_stop_the_store),
	    WITH(a_read_only_disk_is_said_plainly),
	    WITH(a_full_disk_remembers),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("store depot", tests, NULL, NULL);
}
