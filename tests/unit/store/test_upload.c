#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/date.h"
#include "store/committer.h"
#include "store/upload.h"

struct file {
	int items, fd, writer;
};

static struct file
begin(const struct fixture *f, size_t n)
{
	uint8_t data[5000];
	struct file u = {-1, -1, -1};

	harness_fill(data, sizeof data, 1);
	assert_ok(io_open_dir(AT_FDCWD, f->dir, &u.items));
	assert_ok(upload_new(u.items, &u.fd, &u.writer));
	assert_ok(io_write_all(u.writer, data, n));
	return u;
}

static void
end(struct file *u)
{
	io_close(&u->writer);
	io_close(&u->fd);
	io_close(&u->items);
}

static int
count_files(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".age") != NULL;
	closedir(d);
	return n;
}

#define ID "00112233445566778899aabbccddeeff"

static void
a_settled_file_is_whole_and_anonymous(void **state)
{
	struct upload_claim claim = {.size = 5000, .max_stored = 100000, .day = 20000};
	const struct fixture *f = *state;
	struct file u = begin(f, 5000);
	struct stat st;

	assert_int_equal(count_files(f->dir), 0);
	assert_true(upload_stored(u.fd) >= 4096);
	io_close(&u.writer);
	assert_ok(upload_settle(u.fd, &claim));
	assert_int_equal(count_files(f->dir), 0);
	assert_ok(upload_link(u.fd, u.items, ID));
	assert_int_equal(fstatat(u.items, ID ".age", &st, 0), 0);
	assert_int_equal(st.st_size, 5000);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	assert_int_equal(st.st_mtim.tv_sec, 20000LL * DATE_DAY_SEC);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	assert_int_equal(st.st_atim.tv_sec, 20000LL * DATE_DAY_SEC);
	assert_int_equal(st.st_nlink, 1);
	assert_err(upload_link(u.fd, u.items, ID), ERR_EXISTS);
	assert_ok(upload_unlink(u.items, ID));
	assert_err(upload_unlink(u.items, ID), ERR_NOTFOUND);
	end(&u);
}

static void
the_writer_can_only_append(void **state)
{
	struct file u = begin(*state, 5000);
	uint8_t byte;
	int flags = fcntl(u.writer, F_GETFL);

	assert_int_equal(flags & O_ACCMODE, O_WRONLY);
	assert_true((flags & O_APPEND) != 0);
	assert_int_equal(read(u.writer, &byte, 1), -1);
	assert_int_equal(pread(u.writer, &byte, 1, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, u.writer, 0), MAP_FAILED);
	/* The store's own descriptor isn't one to write by: the lease depends on it. */
	assert_int_equal(fcntl(u.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	end(&u);
}

/* As front, which runs as the same user, would: by the name that /proc gives to its descriptor. */
static int
reopen_as_nobody(int items, int flags)
{
	int fd = -1, writer = -1, status, again;
	char path[64];
	pid_t pid;

	if (geteuid() == 0)
		assert_int_equal(fchown(items, 65534, 65534), 0);
	if ((pid = fork()) == 0) {
		if (geteuid() == 0 && setuid(65534) == -1)
			_exit(99);
		prctl(PR_SET_DUMPABLE, 1);
		if (upload_new(items, &fd, &writer) != ERR_OK)
			_exit(98);
		snprintf(path, sizeof path, "/proc/self/fd/%d", writer);
		again = open(path, flags);
		_exit(again == -1 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
nobody_can_open_it_again(void **state)
{
	const struct fixture *f = *state;
	int items = -1;

	assert_ok(io_open_dir(AT_FDCWD, f->dir, &items));
	assert_int_equal(reopen_as_nobody(items, O_RDONLY), EACCES);
	assert_int_equal(reopen_as_nobody(items, O_WRONLY), EACCES);
	assert_int_equal(reopen_as_nobody(items, O_RDWR), EACCES);
	io_close(&items);
}

static void
a_writer_anywhere_is_noticed(void **state)
{
	struct upload_claim claim = {.size = 100, .max_stored = 100000, .day = 20000};
	struct file u = begin(*state, 100);
	int sync[2], status;
	struct stat st;
	char byte;
	pid_t pid;

	assert_err(upload_settle(u.fd, &claim), ERR_BUSY);
	assert_int_equal(fstat(u.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0);
	/* In another process, too. */
	assert_int_equal(pipe(sync), 0);
	if ((pid = fork()) == 0) {
		close(sync[1]);
		(void)!read(sync[0], &byte, 1);
		_exit(0);
	}
	close(sync[0]);
	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_BUSY);
	close(sync[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_ok(upload_settle(u.fd, &claim));
	end(&u);
}

/* ---- room that is reserved */

/* A disk as the test wants it. */
static struct disk {
	long type;         /* 0: as it is */
	useconds_t delay;  /* of each fallocate */
	unsigned allotted; /* calls of it */
} disk;

int __real_fstatfs64(int fd, struct statfs *fs);
int __wrap_fstatfs64(int fd, struct statfs *fs);
int __real_fallocate64(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate64(int fd, int mode, off_t at, off_t n);

int
__wrap_fstatfs64(int fd, struct statfs *fs)
{
	int r = __real_fstatfs64(fd, fs);

	if (disk.type != 0)
		fs->f_type = disk.type;
	return r;
}

int
__wrap_fallocate64(int fd, int mode, off_t at, off_t n)
{
	disk.allotted++;
	usleep(disk.delay);
	return __real_fallocate64(fd, mode, at, n);
}

static uint64_t
reserved_for(const struct fixture *f, uint64_t body_len)
{
	struct file u = begin(f, 100);
	uint64_t stored;

	upload_reserve(u.writer, body_len);
	stored = upload_stored(u.fd);
	end(&u);
	return stored;
}

/* Room for what is sure to come, no more than that, and none that stays unused. */
static void
room_is_reserved_and_given_back(void **state)
{
	struct upload_claim claim = {.size = 100, .max_stored = LIMIT_GIB, .day = 20000};
	const struct fixture *f = *state;
	struct file u = begin(f, 100);
	struct stat st;
	struct statfs fs;
	bool is_disk;

	assert_int_equal(fstatfs(u.fd, &fs), 0);
	is_disk = fs.f_type == EXT4_SUPER_MAGIC;
	assert_in_range(reserved_for(f, 0), 1, LIMIT_MIB);
	assert_in_range(reserved_for(f, 31 * LIMIT_MIB), 1, LIMIT_MIB);
	/* How much of it depends on how busy the disk is. */
	assert_in_range(
	    reserved_for(f, 116 * LIMIT_MIB), is_disk ? 8 * LIMIT_MIB : 1, 101 * LIMIT_MIB);
	assert_in_range(
	    reserved_for(f, 64 * LIMIT_GIB), is_disk ? 8 * LIMIT_MIB : 1, LIMIT_GIB + LIMIT_MIB);

	upload_reserve(u.writer, 116 * LIMIT_MIB);
	assert_int_equal(fstat(u.fd, &st), 0);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(st.st_mode & 07777, 0);
	assert_err(upload_settle(u.fd, &claim), ERR_BUSY);
	io_close(&u.writer);
	assert_ok(upload_settle(u.fd, &claim));
	assert_in_range(upload_stored(u.fd), 1, LIMIT_MIB);
	assert_int_equal(fstat(u.fd, &st), 0);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	end(&u);

	/* What gave itself another mode isn't helped to the right one. */
	u = begin(f, 100);
	upload_reserve(u.writer, 116 * LIMIT_MIB);
	assert_int_equal(fchmod(u.fd, 0600), 0);
	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);
}

/* Or small submissions, which count for a day with what they have, would take what it can't see. */
static void
what_lies_behind_the_end_is_given_back(void **state)
{
	struct upload_claim claim = {.size = 100, .max_stored = LIMIT_GIB, .day = 20000};
	const struct fixture *f = *state;
	struct file u = begin(f, 100);

	assert_int_equal(fallocate(u.writer, FALLOC_FL_KEEP_SIZE, 0, LIMIT_CLAIM_SLACK), 0);
	assert_true(upload_stored(u.fd) >= LIMIT_CLAIM_SLACK);
	io_close(&u.writer);
	assert_ok(upload_settle(u.fd, &claim));
	assert_in_range(upload_stored(u.fd), 1, 64 * LIMIT_KIB);
	end(&u);
}

/* A source that asks for much can't hold store up, however its disk is. */
static void
a_slow_disk_reserves_little(void **state)
{
	const struct fixture *f = *state;

	disk = (struct disk){.type = EXT4_SUPER_MAGIC};
	assert_in_range(reserved_for(f, 116 * LIMIT_MIB), 1, 101 * LIMIT_MIB);
	assert_in_range(disk.allotted, 1, 13);
	disk = (struct disk){.type = EXT4_SUPER_MAGIC, .delay = 40000};
	assert_in_range(reserved_for(f, 116 * LIMIT_MIB), 1, 9 * LIMIT_MIB);
	assert_int_equal(disk.allotted, 1);
	disk = (struct disk){0};
}

/* XFS takes room ahead by itself, more when there is more. */
static void
only_ext4_gains_by_it(void **state)
{
	static const long others[] = {
	    XFS_SUPER_MAGIC, TMPFS_MAGIC, BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC};
	size_t i;

	disk = (struct disk){0};
	for (i = 0; i < sizeof others / sizeof *others; i++) {
		disk.type = others[i];
		assert_in_range(reserved_for(*state, 116 * LIMIT_MIB), 1, LIMIT_MIB);
	}
	assert_int_equal(disk.allotted, 0);
	disk = (struct disk){0};
}

static void
a_false_claim_is_noticed(void **state)
{
	const struct fixture *f = *state;
	struct upload_claim claim = {.size = 100, .max_stored = 100000, .day = 20000};
	struct file u = begin(f, 101);

	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);
	u = begin(f, 99);
	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);

	/* Nothing at all isn't a submission. */
	u = begin(f, 0);
	io_close(&u.writer);
	claim.size = 0;
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);

	/* More room than was promised. */
	claim.size = 5000;
	claim.max_stored = 4096;
	u = begin(f, 5000);
	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);
	claim.size = 100;
	claim.max_stored = 100000;

	/* A name already. */
	u = begin(f, 100);
	assert_ok(upload_link(u.fd, u.items, ID));
	io_close(&u.writer);
	assert_err(upload_settle(u.fd, &claim), ERR_PROFILE);
	end(&u);
}

/* ---- the committer */

struct rig {
	const struct fixture *f;
	int items;
	struct db *db;
	pthread_mutex_t lock;
	struct committer *c;
};

static void
rig_up(struct rig *r, const struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	r->f = f;
	r->items = -1;
	assert_ok(io_open_dir(AT_FDCWD, f->dir, &r->items));
	assert_ok(db_create(path));
	assert_ok(db_open(path, &r->db));
	pthread_mutex_init(&r->lock, NULL);
	assert_ok(committer_new(r->items, r->db, &r->lock, &r->c));
}

static void
rig_down(struct rig *r)
{
	committer_free(r->c);
	db_close(r->db);
	io_close(&r->items);
}

/* writer: where to leave the writer's descriptor; NULL: closed, as it should be. */
static struct commit_job *
job(struct rig *r, uint32_t ref, size_t size, int *writer)
{
	struct commit_job *j = calloc(1, sizeof *j);
	struct file u = begin(r->f, size);

	assert_non_null(j);
	j->fd = u.fd;
	j->ref = ref;
	random_id(j->id);
	j->claim = (struct upload_claim){.size = size, .max_stored = 1 << 20, .day = 20000};
	j->row =
	    (struct db_item){.day = 20000, .inbox = "tips", .epoch = 1, .serial = 1, .size = size};
	memcpy(j->row.id, &ref, sizeof ref);
	if (writer != NULL) {
		*writer = u.writer;
		u.writer = -1;
	}
	io_close(&u.writer);
	io_close(&u.items);
	return j;
}

/* Waits for the next one. */
static struct commit_job *
finished(struct rig *r)
{
	struct commit_job *j;

	while ((j = committer_take(r->c)) == NULL)
		usleep(1000);
	return j;
}

static uint64_t
rows(struct rig *r)
{
	uint64_t n = 0, bytes;

	pthread_mutex_lock(&r->lock);
	assert_ok(db_totals(r->db, &n, &bytes));
	pthread_mutex_unlock(&r->lock);
	return n;
}

static void
hundreds_at_once_all_get_names_and_rows(void **state)
{
	struct commit_job *j;
	bool is_seen[400] = {false};
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	for (i = 0; i < 400; i++)
		committer_submit(r.c, job(&r, i, 100 + i, NULL));
	for (i = 0; i < 400; i++) {
		j = finished(&r);
		assert_ok(j->result);
		assert_int_equal(j->fd, -1);
		assert_false(is_seen[j->ref]);
		is_seen[j->ref] = true;
		free(j);
	}
	assert_int_equal(rows(&r), 400);
	assert_int_equal(count_files(r.f->dir), 400);
	rig_down(&r);
}

static void
a_bad_job_hurts_nobody_else(void **state)
{
	struct commit_job *j, *twice;
	int writer = -1;
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	/* The row of job 3 exists, without a file. */
	twice = job(&r, 3, 100, NULL);
	assert_ok(db_add(r.db, &twice->row, 1));
	committer_submit(r.c, job(&r, 0, 100, NULL));
	committer_submit(r.c, job(&r, 1, 100, &writer)); /* a writer is left */
	j = job(&r, 2, 100, NULL);
	j->claim.size = 99; /* a lie */
	committer_submit(r.c, j);
	committer_submit(r.c, twice);
	for (i = 4; i < 40; i++)
		committer_submit(r.c, job(&r, i, 100, NULL));
	for (i = 0; i < 40; i++) {
		j = finished(&r);
		assert_int_equal(j->result, j->ref == 1   ? ERR_BUSY
					    : j->ref == 2 ? ERR_PROFILE
					    : j->ref == 3 ? ERR_EXISTS
							  : ERR_OK);
		assert_int_equal(j->is_breach, j->ref == 1 || j->ref == 2);
		free(j);
	}
	assert_int_equal(rows(&r), 38); /* the one that was there, too */
	assert_int_equal(count_files(r.f->dir), 37);
	io_close(&writer);
	rig_down(&r);
}

static void
a_name_that_is_taken_stays_whose_it_is(void **state)
{
	struct commit_job *first, *second;
	struct rig r;
	struct stat st;
	char name[64];

	rig_up(&r, *state);
	first = job(&r, 1, 100, NULL);
	second = job(&r, 2, 200, NULL);
	strcpy(second->id, first->id);
	snprintf(name, sizeof name, "%s.age", first->id);
	committer_submit(r.c, first);
	assert_ok(finished(&r)->result);
	committer_submit(r.c, second);
	assert_err(finished(&r)->result, ERR_EXISTS);
	assert_int_equal(fstatat(r.items, name, &st, 0), 0);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(rows(&r), 1);
	free(first);
	free(second);
	rig_down(&r);
}

static void
a_medium_that_ends_leaves_no_trace(void **state)
{
	const struct fixture *f = *state;
	struct commit_job *j;
	struct rig r;
	int writer = -1;

	fixture_own_mounts();
	assert_int_equal(mount("none", f->dir, "tmpfs", 0, "size=2m,mode=700"), 0);
	rig_up(&r, f);
	j = job(&r, 1, 100, NULL);
	/* Nothing is left, not even for a row. */
	writer = openat(r.items, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(writer, r.f, sizeof *r.f) > 0)
		;
	committer_submit(r.c, j);
	assert_err(finished(&r)->result, ERR_NOSPACE);
	free(j);
	assert_int_equal(count_files(f->dir), 0);
	io_close(&writer);
	assert_int_equal(unlinkat(r.items, "filler", 0), 0);
	assert_int_equal(rows(&r), 0);
	j = job(&r, 2, 100, NULL);
	committer_submit(r.c, j);
	assert_ok(finished(&r)->result);
	free(j);
	rig_down(&r);
	assert_int_equal(umount(f->dir), 0);
}

static void
what_is_submitted_is_finished_before_the_end(void **state)
{
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	for (i = 0; i < 50; i++)
		committer_submit(r.c, job(&r, i, 100, NULL));
	committer_free(r.c);
	r.c = NULL;
	assert_int_equal(rows(&r), 50);
	assert_int_equal(count_files(r.f->dir), 50);
	rig_down(&r);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_settled_file_is_whole_and_anonymous),
	    WITH(the_writer_can_only_append),
	    WITH(nobody_can_open_it_again),
	    WITH(a_writer_anywhere_is_noticed),
	    WITH(room_is_reserved_and_given_back),
	    WITH(a_slow_disk_reserves_little),
	    WITH(only_ext4_gains_by_it),
	    WITH(what_lies_behind_the_end_is_given_back),
	    WITH(a_false_claim_is_noticed),
	    WITH(hundreds_at_once_all_get_names_and_rows),
	    WITH(a_bad_job_hurts_nobody_else),
	    WITH(a_name_that_is_taken_stays_whose_it_is),
	    WITH(what_is_submitted_is_finished_before_the_end),
	    WITH(a_medium_that_ends_leaves_no_trace),
	};

	return cmocka_run_group_tests_name("store upload", tests, NULL, NULL);
}
