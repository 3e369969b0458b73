#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random.h"

/* New content under a name: whole and synced, or not at all. */

/* The content and its mode are on the medium; the name isn't yet. */
static enum err
write_synced(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	enum err e;
	int fd = -1;

	if ((e = io_create(dirfd, name, mode, &fd)) != ERR_OK)
		return e;
	if (fchmod(fd, mode) == -1)
		e = io_errno();
	else if ((e = io_write_all(fd, p, n)) == ERR_OK)
		e = io_sync(fd);
	io_close(&fd);
	if (e != ERR_OK)
		unlinkat(dirfd, name, 0);
	return e;
}

/* dirfd may be AT_FDCWD, which can't be synced itself. */
static enum err
sync_dir(int dirfd)
{
	enum err e;
	int fd = -1;

	if (dirfd != AT_FDCWD)
		return io_sync(dirfd);
	if ((e = io_open_dir(AT_FDCWD, ".", &fd)) != ERR_OK)
		return e;
	e = io_sync(fd);
	io_close(&fd);
	return e;
}

enum err
io_write_new(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	enum err e;

	if ((e = write_synced(dirfd, name, p, n, mode)) != ERR_OK)
		return e;
	if ((e = sync_dir(dirfd)) != ERR_OK)
		unlinkat(dirfd, name, 0);
	return e;
}

/* Whoever is killed just between the two leaves an empty file there. */
static enum err
rename_over_own(int dirfd, const char *from, const char *to)
{
	enum err e;
	int fd = -1;

	if ((e = io_create(dirfd, to, S_IRUSR | S_IWUSR, &fd)) != ERR_OK)
		return e;
	io_close(&fd);
	if (renameat(dirfd, from, dirfd, to) == -1) {
		e = io_errno();
		unlinkat(dirfd, to, 0);
	}
	return e;
}

/* What kernels and file systems say that can't refuse to overwrite in a rename, or can't link. */
static bool
is_unable(int why)
{
	return why == EINVAL || why == ENOSYS || why == EPERM || why == EOPNOTSUPP;
}

static enum err
drop_first_name(int dirfd, const char *first, const char *second)
{
	enum err e;

	if (unlinkat(dirfd, first, 0) == 0)
		return ERR_OK;
	e = io_errno();
	unlinkat(dirfd, second, 0);
	return e;
}

/* NFS and ntfs-3g can link, exFAT by FUSE neither this nor that: there the name is taken first. */
enum err
io_take_name(int dirfd, const char *from, const char *to)
{
	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return ERR_OK;
	if (!is_unable(errno))
		return io_errno();
	if (linkat(dirfd, from, dirfd, to, 0) == 0)
		return drop_first_name(dirfd, from, to);
	return is_unable(errno) ? rename_over_own(dirfd, from, to) : io_errno();
}

enum err
io_rename_new(int dirfd, const char *from, const char *to)
{
	enum err e = io_take_name(dirfd, from, to);

	if (e != ERR_OK)
		unlinkat(dirfd, from, 0);
	else if ((e = sync_dir(dirfd)) != ERR_OK)
		unlinkat(dirfd, to, 0);
	return e;
}

enum err
io_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	char tmp[RANDOM_ID_LEN + sizeof IO_TMP_PREFIX] = IO_TMP_PREFIX;
	enum err e;

	random_id(tmp + strlen(tmp));
	if ((e = write_synced(dirfd, tmp, p, n, mode)) != ERR_OK)
		return e;
	if (renameat(dirfd, tmp, dirfd, name) == -1) {
		e = io_errno();
		unlinkat(dirfd, tmp, 0);
		return e;
	}
	return sync_dir(dirfd);
}
