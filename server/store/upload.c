#include "store/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "wire/item_file.h"

#define BLOCK 512 /* st_blocks' unit */

#define RESERVE_MIN  (16 * LIMIT_MIB)
#define RESERVE_MAX  LIMIT_GIB
#define RESERVE_STEP (8 * LIMIT_MIB)
#define RESERVE_MS   20               /* more would let one request hold the store up */
#define TRIM_MIN     (64 * LIMIT_KIB) /* bytes; the last cluster, and the list of extents */

#define FD_PATH_LEN 32
#define NAME_LEN    (RANDOM_ID_LEN + sizeof ITEM_FILE_EXT)
#define COPY_LEN    (RANDOM_ID_LEN + sizeof ITEM_FILE_COPY)

static void
fd_path(char out[static FD_PATH_LEN], int fd)
{
	snprintf(out, FD_PATH_LEN, "/proc/self/fd/%d", fd);
}

static void
item_name(char out[static NAME_LEN], const char *id)
{
	snprintf(out, NAME_LEN, "%s" ITEM_FILE_EXT, id);
}

static void
copy_name(char out[static COPY_LEN], const char *id)
{
	snprintf(out, COPY_LEN, "%s" ITEM_FILE_COPY, id);
}

enum err
upload_new(int items, int *fd, int *writer)
{
	char path[FD_PATH_LEN];
	enum err e = ERR_OK;
	int r = -1, w;

	w = openat(items, ".", O_TMPFILE | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (w == -1)
		return io_errno();
	fd_path(path, w);
	/* Another open file description: reading through the writer's is impossible. */
	if ((r = open(path, O_RDONLY | O_CLOEXEC)) == -1 || fchmod(r, 0) == -1)
		e = io_errno();
	if (e != ERR_OK) {
		io_close(&r);
		io_close(&w);
		return e;
	}
	*fd = r;
	*writer = w;
	return ERR_OK;
}

void
upload_reserve(int writer, uint64_t body_len)
{
	uint64_t sure = body_len > LIMIT_CLAIM_SLACK ? body_len - LIMIT_CLAIM_SLACK : 0;
	int64_t end = clock_mono_ms() + RESERVE_MS;
	uint64_t at = 0;
	struct statfs fs;

	if (sure > RESERVE_MAX)
		sure = RESERVE_MAX;
	if (sure < RESERVE_MIN || fstatfs(writer, &fs) == -1 || fs.f_type != EXT4_SUPER_MAGIC)
		return;
	/* What can't be reserved may still be written: then that says what is wrong. Where free
	 * room lies in small pieces each step takes long, and brings little. */
	for (; at < sure && clock_mono_ms() <= end; at += RESERVE_STEP)
		if (fallocate(writer, FALLOC_FL_KEEP_SIZE, (off_t)at,
			(off_t)(sure - at < RESERVE_STEP ? sure - at : RESERVE_STEP)) == -1)
			return;
}

static enum err
truncate_by_path(int fd, off_t size)
{
	char path[FD_PATH_LEN];
	enum err e = ERR_OK;
	int w;

	fd_path(path, fd);
	if ((w = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return io_errno();
	if (ftruncate(w, size) == -1)
		e = io_errno();
	io_close(&w);
	return e;
}

/*
 * What lies behind the end counts for no day: what was reserved and another than an honest front
 * didn't fill, and what the file system took ahead. It is given back by a writer, which needs a
 * mode that allows one; who else should open one then is noticed by the lease.
 */
static enum err
trim(int fd)
{
	struct stat st;
	enum err e;

	if (fstat(fd, &st) == -1)
		return io_errno();
	if ((uint64_t)st.st_blocks * BLOCK <= (uint64_t)st.st_size + TRIM_MIN || st.st_nlink != 0 ||
	    (st.st_mode & 07777) != 0)
		return ERR_OK;
	if (fchmod(fd, 0200) == -1)
		return io_errno();
	e = truncate_by_path(fd, st.st_size);
	return fchmod(fd, 0) == -1 ? io_errno() : e;
}

static enum err
compare(int fd, const struct upload_claim *claim)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return io_errno();
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0 || st.st_nlink != 0 ||
	    st.st_uid != geteuid() || st.st_size <= 0 || (uint64_t)st.st_size != claim->size)
		return ERR_PROFILE;
	/* Room taken that wasn't promised would escape the quota. */
	if ((uint64_t)st.st_blocks > claim->max_stored / BLOCK)
		return ERR_PROFILE;
	return ERR_OK;
}

enum err
upload_settle(int fd, const struct upload_claim *claim)
{
	struct timespec times[2] = {{.tv_sec = (time_t)claim->day * DATE_DAY_SEC},
	    {.tv_sec = (time_t)claim->day * DATE_DAY_SEC}};
	enum err e;

	if ((e = trim(fd)) != ERR_OK)
		return e;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == -1)
		return errno == EAGAIN ? ERR_BUSY : io_errno();
	if ((e = compare(fd, claim)) != ERR_OK)
		return e;
	if (fchmod(fd, 0400) == -1 || futimens(fd, times) == -1 || fdatasync(fd) == -1)
		return io_errno();
	return ERR_OK;
}

enum err
upload_link(int fd, int items, const char *id)
{
	char path[FD_PATH_LEN], name[NAME_LEN];

	fd_path(path, fd);
	item_name(name, id);
	if (linkat(AT_FDCWD, path, items, name, AT_SYMLINK_FOLLOW) == -1)
		return io_errno();
	return ERR_OK;
}

/* Under a name that no submission has: a kill in between leaves nothing that is taken for one. */
enum err
upload_try_link(int fd, int items, const char *id)
{
	char path[FD_PATH_LEN], copy[COPY_LEN];

	fd_path(path, fd);
	copy_name(copy, id);
	if (linkat(AT_FDCWD, path, items, copy, AT_SYMLINK_FOLLOW) == -1 ||
	    unlinkat(items, copy, 0) == -1)
		return io_errno();
	return ERR_OK;
}

/* An exchange, not a rename: it can't bring back an item that was deleted in between. */
enum err
upload_replace(int fd, int items, const char *id)
{
	char path[FD_PATH_LEN], name[NAME_LEN], copy[COPY_LEN];
	enum err e = ERR_OK;

	fd_path(path, fd);
	item_name(name, id);
	copy_name(copy, id);
	if (unlinkat(items, copy, 0) == -1 && errno != ENOENT)
		return io_errno();
	if (linkat(AT_FDCWD, path, items, copy, AT_SYMLINK_FOLLOW) == -1)
		return io_errno();
	if (renameat2(items, copy, items, name, RENAME_EXCHANGE) == -1)
		e = io_errno();
	if (unlinkat(items, copy, 0) == -1 && e == ERR_OK)
		e = io_errno();
	return e;
}

enum err
upload_unlink(int items, const char *id)
{
	char name[NAME_LEN];

	item_name(name, id);
	return unlinkat(items, name, 0) == -1 ? io_errno() : ERR_OK;
}

uint64_t
upload_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 || st.st_size < 0 ? 0 : (uint64_t)st.st_size;
}

uint64_t
upload_stored(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return 0;
	return (uint64_t)st.st_blocks * BLOCK;
}
