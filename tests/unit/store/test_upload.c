#include "upload_rig.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/date.h"
#include "base/limits.h"

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
a_file_that_is_only_tried_has_no_name(void **state)
{
	const struct fixture *f = *state;
	struct file u = begin(f, 5000);

	assert_ok(upload_try_link(u.fd, u.items, ID));
	assert_int_equal(count_files(f->dir), 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_settled_file_is_whole_and_anonymous),
	    WITH(a_file_that_is_only_tried_has_no_name),
	    WITH(the_writer_can_only_append),
	    WITH(nobody_can_open_it_again),
	    WITH(a_writer_anywhere_is_noticed),
	    WITH(room_is_reserved_and_given_back),
	    WITH(a_slow_disk_reserves_little),
	    WITH(only_ext4_gains_by_it),
	    WITH(what_lies_behind_the_end_is_given_back),
	    WITH(a_false_claim_is_noticed),
	};

	return cmocka_run_group_tests_name("store upload", tests, NULL, NULL);
}
