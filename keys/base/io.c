#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h> /* PATH_MAX: <limits.h> is the one of this folder here */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err
io_errno(void)
{
	switch (errno) {
	case ENOENT: return ERR_NOTFOUND;
	case EEXIST: return ERR_EXISTS;
	case ENOSPC:
	case EDQUOT: return ERR_NOSPACE;
	case ELOOP:
	case ENOTDIR: return ERR_MODE;
	case ENOMEM: return ERR_NOMEM;
	default: return ERR_SYS;
	}
}

void
io_close(int *fd)
{
	int saved = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = saved;
}

enum err
io_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t w;

	while (n > 0) {
		w = write(fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return io_errno();
		at += w;
		n -= (size_t)w;
	}
	return ERR_OK;
}

enum err
io_pwrite_all(int fd, const void *p, size_t n, off_t at)
{
	const char *from = p;
	ssize_t w;

	while (n > 0) {
		w = pwrite(fd, from, n, at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return io_errno();
		from += w;
		at += w;
		n -= (size_t)w;
	}
	return ERR_OK;
}

enum err
io_read_full(int fd, void *p, size_t n, size_t *got)
{
	char *to = p;
	size_t have = 0;
	ssize_t r;

	while (have < n) {
		r = read(fd, to + have, n - have);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return io_errno();
		if (r == 0)
			break;
		have += (size_t)r;
	}
	*got = have;
	return ERR_OK;
}

enum err
io_pread_exact(int fd, void *p, size_t n, off_t at)
{
	char *to = p;
	ssize_t r;

	while (n > 0) {
		r = pread(fd, to, n, at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return io_errno();
		if (r == 0)
			return ERR_TRUNCATED;
		to += r;
		at += r;
		n -= (size_t)r;
	}
	return ERR_OK;
}

/* O_NONBLOCK, so that a FIFO in the place of a file can't hang us. */
static enum err
open_checked(int dirfd, const char *path, int flags, mode_t type, int *out)
{
	struct stat st;
	enum err e = ERR_OK;
	int fd;

	fd = openat(dirfd, path, flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return io_errno();
	if (fstat(fd, &st) == -1)
		e = io_errno();
	else if ((st.st_mode & S_IFMT) != type)
		e = ERR_MODE;
	if (e != ERR_OK)
		io_close(&fd);
	else
		*out = fd;
	return e;
}

enum err
io_open_file(int dirfd, const char *path, int *fd)
{
	return open_checked(dirfd, path, 0, S_IFREG, fd);
}

enum err
io_open_dir(int dirfd, const char *path, int *fd)
{
	return open_checked(dirfd, path, O_DIRECTORY, S_IFDIR, fd);
}

enum err
io_open_list(int dirfd, DIR **out)
{
	enum err e;
	DIR *dir;
	int fd;

	if ((fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return io_errno();
	if ((dir = fdopendir(fd)) == NULL) {
		e = io_errno();
		io_close(&fd);
		return e;
	}
	*out = dir;
	return ERR_OK;
}

enum err
io_open_parent(const char *path, int *dir, const char **name)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	char folder[PATH_MAX];
	size_t len = (size_t)(base - path);
	enum err e;

	if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return ERR_USAGE;
	if (len + 1 >= sizeof folder)
		return ERR_LIMIT;
	memcpy(folder, path, len);
	memcpy(folder + len, ".", sizeof "."); /* "" is ".", "x/" is "x/." */
	if ((e = io_open_dir(AT_FDCWD, folder, dir)) == ERR_OK)
		*name = base;
	return e;
}

/* Appends all of an open file. */
static enum err
read_whole(int fd, off_t size, struct buf *out)
{
	size_t before = out->len, got = 0;
	uint8_t *to, more;
	enum err e;

	if ((uintmax_t)size > out->max - out->len)
		return ERR_LIMIT;
	if ((e = buf_grow(out, (size_t)size, &to)) != ERR_OK)
		return e;
	if ((e = io_read_full(fd, to, (size_t)size, &got)) == ERR_OK) {
		out->len = before + got;
		if ((e = io_read_full(fd, &more, 1, &got)) == ERR_OK && got != 0)
			e = ERR_BUSY; /* grew while being read */
	}
	if (e != ERR_OK)
		out->len = before;
	return e;
}

enum err
io_read_file(int dirfd, const char *path, struct buf *out)
{
	struct stat st;
	enum err e;
	int fd = -1;

	if ((e = io_open_file(dirfd, path, &fd)) != ERR_OK)
		return e;
	e = fstat(fd, &st) == -1 ? io_errno() : read_whole(fd, st.st_size, out);
	io_close(&fd);
	return e;
}

enum err
io_read_file_of(int dirfd, const char *path, uid_t owner, struct buf *out)
{
	struct stat st;
	enum err e;
	int fd = -1;

	if ((e = io_open_file(dirfd, path, &fd)) != ERR_OK)
		return e;
	if (fstat(fd, &st) == -1)
		e = io_errno();
	else
		e = st.st_uid == owner ? read_whole(fd, st.st_size, out) : ERR_MODE;
	io_close(&fd);
	return e;
}

enum err
io_create(int dirfd, const char *path, mode_t mode, int *out)
{
	int fd;

	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd == -1)
		return io_errno();
	*out = fd;
	return ERR_OK;
}

enum err
io_sync(int fd)
{
	return fsync(fd) == -1 ? io_errno() : ERR_OK;
}

static enum err
put_fd(void *ctx, const void *p, size_t n)
{
	return io_write_all(*(int *)ctx, p, n);
}

struct sink
io_sink(int *fd)
{
	return (struct sink){put_fd, fd};
}
