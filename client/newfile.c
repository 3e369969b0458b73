#include "newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* What kernels and file systems say that don't know unnamed files. */
static bool
is_unknown(int why)
{
	return why == EOPNOTSUPP || why == EISDIR || why == EINVAL || why == ENOSYS;
}

static void
make_up_name(struct newfile *f)
{
	memcpy(f->tmp, NEWFILE_PREFIX, sizeof NEWFILE_PREFIX);
	random_id(f->tmp + strlen(f->tmp));
}

enum err
newfile_begin(struct newfile *out, int dir)
{
	struct newfile f = {.dir = dir, .fd = -1};

	f.fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (f.fd == -1 && is_unknown(errno)) {
		make_up_name(&f);
		f.fd = openat(dir, f.tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (f.fd == -1)
		return io_errno();
	*out = f;
	return ERR_OK;
}

enum err
newfile_begin_at(struct newfile *f, const char *path, int *dir, const char **name)
{
	enum err e;

	if ((e = io_open_parent(path, dir, name)) != ERR_OK)
		return e;
	return newfile_begin(f, *dir);
}

static enum err
link_unnamed(const struct newfile *f, const char *name)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, path, f->dir, name, AT_SYMLINK_FOLLOW) == -1 ? io_errno() : ERR_OK;
}

enum err
newfile_name(struct newfile *f, const char *name)
{
	enum err e;

	if (f->tmp[0] == '\0')
		return link_unnamed(f, name);
	if ((e = io_take_name(f->dir, f->tmp, name)) == ERR_OK)
		f->tmp[0] = '\0';
	return e;
}

enum err
newfile_name_synced(struct newfile *f, const char *name)
{
	enum err e;

	if ((e = newfile_name(f, name)) == ERR_OK && (e = io_sync(f->dir)) != ERR_OK)
		unlinkat(f->dir, name, 0);
	return e;
}

enum err
newfile_replace(struct newfile *f, const char *name)
{
	enum err e;

	/* An unnamed file can't take a name that is in use: it gets one of its own first. */
	if (f->tmp[0] == '\0') {
		make_up_name(f);
		if ((e = link_unnamed(f, f->tmp)) != ERR_OK) {
			f->tmp[0] = '\0';
			return e;
		}
	}
	if (renameat(f->dir, f->tmp, f->dir, name) == -1)
		return io_errno();
	f->tmp[0] = '\0';
	return ERR_OK;
}

void
newfile_end(struct newfile *f)
{
	int saved = errno;

	if (f->fd != -1 && f->tmp[0] != '\0')
		unlinkat(f->dir, f->tmp, 0);
	errno = saved;
	io_close(&f->fd);
	*f = NEWFILE_NONE;
}
