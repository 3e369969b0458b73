#include "fixture.h"

#include <dirent.h>
#include <poll.h>
#include <sys/wait.h>

#include "base/text.h"
#include "store/db_care.h"
#include "store/depot.h"
#include "store/settle.h"
#include "store/settle_names.h"
#include "store/upload.h"
#include "wire/item_file.h"

#define ITEMS 60
#define KILLS 25

struct rig {
	struct fixture *f;
	struct depot d;
	struct settle *s;
	int32_t day; /* on which the items came */
	struct db_item items[ITEMS];
};

/* Content that differs from item to item, in length and in every byte. */
static size_t
content(uint32_t n, uint8_t *out)
{
	size_t len = 1000 + 977 * (n % 7);

	harness_fill(out, len, n + 1);
	return len;
}

/* As the committer does. */
static void
put(struct rig *r, uint32_t n, int32_t day)
{
	struct db_item *i = &r->items[n];
	struct upload_claim claim = {.max_stored = UINT64_MAX, .day = day};
	uint8_t bytes[8000];
	char id[RANDOM_ID_LEN + 1];
	int fd = -1, writer = -1;

	*i = (struct db_item){
	    .day = day, .inbox = "tips", .epoch = 1, .serial = 1, .size = content(n, bytes)};
	random_id(id);
	assert_ok(text_unhex(i->id, DB_ID, id, RANDOM_ID_LEN));
	claim.size = i->size;
	assert_ok(upload_new(r->d.folder.items, &fd, &writer));
	assert_ok(io_write_all(writer, bytes, i->size));
	io_close(&writer);
	assert_ok(upload_settle(fd, &claim));
	assert_ok(upload_link(fd, r->d.folder.items, id));
	io_close(&fd);
	assert_ok(db_add(r->d.db, i, 1));
}

static void
open_store(struct rig *r)
{
	struct reason why;

	assert_ok(depot_open(&r->d, &r->f->conf, &r->f->root.public, &why));
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	struct reason why;
	uint32_t i;

	assert_non_null(r);
	/* At one in the night: a settle may begin at once. */
	*fixture_clock() = 3600 - time(NULL) % 86400;
	r->day = clock_today();
	fixture_set_up((void **)&r->f);
	assert_ok(depot_create(&r->f->conf, &r->f->root.public, &why));
	open_store(r);
	for (i = 0; i < ITEMS; i++)
		put(r, i, r->day);
	*fixture_clock() += 86400;
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;
	void *f = r->f;

	settle_free(r->s);
	depot_close(&r->d);
	free(r);
	return fixture_tear_down(&f);
}

/* What the loop does, until the settle rests: it says so, or it never began. */
static struct op_status
rest(struct rig *r)
{
	struct pollfd p = {.fd = settle_fd(r->s), .events = POLLIN};
	struct op_status st = {0};

	while (!settle_is_idle(r->s)) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		settle_on_event(r->s);
	}
	settle_on_event(r->s);
	assert_int_equal(settle_claim(r->s), 0);
	settle_tick(r->s, 0); /* it reads the mark again */
	settle_tell(r->s, &st);
	return st;
}

static struct op_status
run(struct rig *r)
{
	if (r->s == NULL)
		assert_ok(settle_new(&r->d, &r->s));
	settle_tick(r->s, 0);
	return rest(r);
}

static void
name_of(char out[static RANDOM_ID_LEN + 6], const struct db_item *i, const char *extension)
{
	text_hex(out, i->id, DB_ID);
	strcpy(out + RANDOM_ID_LEN, extension);
}

/* Each of the items is there, whole, with its row, and there is nothing else. */
static void
assert_whole(struct rig *r)
{
	uint8_t want[8000], have[8000];
	char name[RANDOM_ID_LEN + 6];
	uint64_t n = 0, bytes = 0;
	struct stat st;
	struct dirent *d;
	uint32_t i;
	int fd, files = 0;
	DIR *dir;

	for (i = 0; i < ITEMS; i++) {
		name_of(name, &r->items[i], ".age");
		assert_ok(io_open_file(r->d.folder.items, name, &fd));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0400);
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(st.st_mtime, (time_t)r->day * 86400);
		assert_int_equal(st.st_size, content(i, want));
		assert_ok(io_pread_exact(fd, have, (size_t)st.st_size, 0));
		assert_memory_equal(have, want, (size_t)st.st_size);
		close(fd);
	}
	assert_int_not_equal(fd = openat(r->d.folder.items, ".", O_RDONLY | O_DIRECTORY), -1);
	assert_non_null(dir = fdopendir(fd));
	while ((d = readdir(dir)) != NULL)
		files += d->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(files, ITEMS);
	assert_ok(db_totals(r->d.db, &n, &bytes));
	assert_int_equal(n, ITEMS);
}

static ino_t
inode(const struct rig *r, uint32_t n)
{
	char name[RANDOM_ID_LEN + 6];
	struct stat st;

	name_of(name, &r->items[n], ".age");
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), 0);
	return st.st_ino;
}

static enum err
count_hash(void *ctx, const struct db_item *i, const uint8_t *hash)
{
	uint8_t bytes[8000], own[HASH_LEN];
	struct rig *r = ctx;
	uint32_t n;

	for (n = 0; n < ITEMS && memcmp(i->id, r->items[n].id, DB_ID) != 0; n++)
		;
	hash_256(own, bytes, content(n, bytes));
	assert_non_null(hash);
	assert_memory_equal(hash, own, HASH_LEN);
	return ERR_OK;
}

static void
a_day_is_settled_once(void **state)
{
	struct rig *r = *state;
	ino_t old[ITEMS];
	struct op_status st;
	uint32_t i, same = 0;

	for (i = 0; i < ITEMS; i++)
		old[i] = inode(r, i);
	st = run(r);
	assert_int_equal(st.settle_wait, SETTLE_WAITS_NOT);
	assert_int_equal(st.settled, r->day + 1);
	assert_whole(r);
	for (i = 0; i < ITEMS; i++)
		same += old[i] == inode(r, i);
	assert_in_range(same, 0, 6);
	assert_ok(db_each(r->d.db, 0, count_hash, r));
	/* The same day again: nothing to do. */
	for (i = 0; i < ITEMS; i++)
		old[i] = inode(r, i);
	assert_int_equal(run(r).settled, r->day + 1);
	for (i = 0; i < ITEMS; i++)
		assert_int_equal(old[i], inode(r, i));
}

static void
only_when_the_clock_is_trusted(void **state)
{
	struct rig *r = *state;
	ino_t old = inode(r, 0);

	*fixture_clock() += 86400LL * 100; /* nobody has been away for so long */
	assert_int_equal(run(r).settled, 0);
	assert_int_equal(inode(r, 0), old);
	/* Not in the first minute of a day either. */
	*fixture_clock() -= 86400LL * 100 + 3600 - 10;
	assert_int_equal(run(r).settled, 0);
	assert_int_equal(inode(r, 0), old);
	*fixture_clock() += 60;
	assert_int_equal(run(r).settled, r->day + 1);
	assert_whole(r);
}

/* Deleted meanwhile, or not as the index says: the others are settled all the same. */
static void
what_is_not_there_is_left_out(void **state)
{
	char name[RANDOM_ID_LEN + 6];
	struct rig *r = *state;
	struct stat st;
	ino_t other = inode(r, 1);
	int fd;

	name_of(name, &r->items[0], ".age");
	assert_int_equal(unlinkat(r->d.folder.items, name, 0), 0);
	name_of(name, &r->items[1], ".age");
	assert_int_equal(fchmodat(r->d.folder.items, name, 0600, 0), 0);
	assert_int_not_equal(fd = openat(r->d.folder.items, name, O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(ftruncate(fd, 10), 0);
	close(fd);
	assert_int_equal(run(r).settle_wait, SETTLE_WAITS_NOT);
	assert_int_equal(inode(r, 1), other);
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), 0);
	assert_int_equal(st.st_size, 10);
	name_of(name, &r->items[0], ".age");
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), -1);
	name_of(name, &r->items[0], ".copy");
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), -1);
}

/* An item that goes away in the last moment doesn't come back. */
static void
a_deleted_item_stays_deleted(void **state)
{
	struct upload_claim claim = {.size = 5, .max_stored = UINT64_MAX};
	char id[RANDOM_ID_LEN + 1], name[RANDOM_ID_LEN + 6];
	struct rig *r = *state;
	int fd = -1, writer = -1;
	struct stat st;

	random_id(id);
	assert_ok(upload_new(r->d.folder.items, &fd, &writer));
	assert_ok(io_write_all(writer, "12345", 5));
	io_close(&writer);
	assert_ok(upload_settle(fd, &claim));
	assert_err(upload_replace(fd, r->d.folder.items, id), ERR_NOTFOUND);
	io_close(&fd);
	snprintf(name, sizeof name, "%s.age", id);
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), -1);
	snprintf(name, sizeof name, "%s.copy", id);
	assert_int_equal(fstatat(r->d.folder.items, name, &st, 0), -1);
	assert_whole(r);
}

static void
no_room_is_waited_for(void **state)
{
	struct rig *r = *state;
	struct op_status st;

	assert_ok(settle_new(&r->d, &r->s));
	settle_tick(r->s, 1ULL << 60); /* what uploads were promised is theirs */
	st = rest(r);
	assert_int_equal(st.settle_wait, SETTLE_WAITS_FOR_ROOM);
	assert_true(st.settle_need > 1ULL << 60);
	assert_int_equal(st.settled, 0);
	assert_whole(r);
}

/* kill -9 at any moment: at the next start each item is there, once, and the settle can end. */
static void
a_kill_does_no_harm(void **state)
{
	struct rig *r = *state;
	struct timespec pause;
	int i, status;
	pid_t pid;

	depot_close(&r->d);
	for (i = 0; i < KILLS; i++) {
		fflush(NULL);
		if ((pid = fork()) == 0) {
			open_store(r);
			run(r);
			_exit(0);
		}
		assert_int_not_equal(pid, -1);
		pause = (struct timespec){0, (long)random_below(200000000)};
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		open_store(r);
		assert_int_equal(r->d.rebuilt, 0);
		assert_whole(r);
		depot_close(&r->d);
	}
	open_store(r);
	assert_int_equal(run(r).settled, r->day + 1);
	assert_whole(r);
}

/* The moment between the two names, by hand. */
static void
a_left_copy_is_swept(void **state)
{
	char name[RANDOM_ID_LEN + 6], copy[RANDOM_ID_LEN + 6];
	struct rig *r = *state;

	name_of(name, &r->items[3], ".age");
	name_of(copy, &r->items[3], ".copy");
	assert_int_equal(linkat(r->d.folder.items, name, r->d.folder.items, copy, 0), 0);
	depot_close(&r->d);
	open_store(r);
	assert_whole(r);
}

/* The moment in which an item's name changes places, by hand: who reads finds it, and it comes
 * back. */
static void
a_name_on_its_way_comes_back(void **state)
{
	char id[RANDOM_ID_LEN + 1], name[RANDOM_ID_LEN + 6], way[RANDOM_ID_LEN + 6];
	struct rig *r = *state;
	struct stat st;
	int fd = -1;

	text_hex(id, r->items[5].id, DB_ID);
	name_of(name, &r->items[5], ITEM_FILE_EXT);
	name_of(way, &r->items[5], ITEM_FILE_MOVING);
	assert_int_equal(renameat(r->d.folder.items, name, r->d.folder.items, way), 0);
	assert_ok(item_file_stat(r->d.folder.items, id, &st));
	assert_int_equal(st.st_size, r->items[5].size);
	assert_ok(item_file_open(r->d.folder.items, id, &fd));
	close(fd);
	/* In a running server: by the settle itself. */
	assert_int_equal(run(r).settled, r->day + 1);
	assert_whole(r);
	/* At the next start, without a row made anew. */
	assert_int_equal(renameat(r->d.folder.items, name, r->d.folder.items, way), 0);
	settle_free(r->s);
	r->s = NULL;
	depot_close(&r->d);
	open_store(r);
	assert_int_equal(r->d.rebuilt, 0);
	assert_whole(r);
	/* One that is gone is neither. */
	memset(id, 'f', RANDOM_ID_LEN);
	assert_err(item_file_open(r->d.folder.items, id, &fd), ERR_NOTFOUND);
	assert_err(item_file_stat(r->d.folder.items, id, &st), ERR_NOTFOUND);
}

/* What stands under a name already stays, whoever put it there. */
static void
no_name_is_taken_over(void **state)
{
	char name[RANDOM_ID_LEN + 6], way[RANDOM_ID_LEN + 6];
	struct rig *r = *state;
	struct stat st;

	name_of(name, &r->items[0], ITEM_FILE_EXT);
	name_of(way, &r->items[0], ITEM_FILE_MOVING);
	assert_int_equal(symlinkat("nowhere", r->d.folder.items, way), 0);
	assert_ok(settle_names_mix(r->d.folder.items, r->items, 1));
	assert_int_equal(fstatat(r->d.folder.items, way, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlinkat(r->d.folder.items, way, 0), 0);
	assert_whole(r);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_day_is_settled_once),
	    WITH(only_when_the_clock_is_trusted),
	    WITH(what_is_not_there_is_left_out),
	    WITH(a_deleted_item_stays_deleted),
	    WITH(no_room_is_waited_for),
	    WITH(a_left_copy_is_swept),
	    WITH(a_name_on_its_way_comes_back),
	    WITH(no_name_is_taken_over),
	    WITH(a_kill_does_no_harm),
	};

	return cmocka_run_group_tests_name("store settle", tests, NULL, NULL);
}
