#include "parent/restore_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define MARKER "restoring"

enum err
restore_dir_open(struct restore_dir *d, const char *path, struct reason *why)
{
	struct stat st;
	enum err e;

	d->path = path;
	if ((e = io_open_dir(AT_FDCWD, path, &d->root)) != ERR_OK)
		return reason_sys(why, e, "Can't open the folder %s", path);
	if (fstat(d->root, &st) == -1)
		return reason_sys(why, ERR_SYS, "Can't look at %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return reason_set(why, ERR_MODE,
		    "%s must belong to user %u with mode 700: say chown and chmod.", path,
		    geteuid());
	d->lock = openat(d->root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->lock == -1)
		return reason_sys(why, io_errno(), "Can't open the lock of the store in %s", path);
	if (flock(d->lock, LOCK_EX | LOCK_NB) == -1)
		return reason_set(why, ERR_BUSY, "Another sealslotd is at work on %s.", path);
	return ERR_OK;
}

/* Calls each for every name but "." and "..", until one of them gives an error. */
static enum err
each_name(int dirfd, enum err (*each)(int dirfd, const char *name))
{
	struct dirent *d;
	enum err e;
	DIR *dir = NULL;

	if ((e = io_open_list(dirfd, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			e = each(dirfd, d->d_name);
	closedir(dir);
	return e;
}

static enum err
refuse_name(int dirfd, const char *name)
{
	(void)dirfd;
	return strcmp(name, "lock") == 0 || strcmp(name, "lost+found") == 0 ? ERR_OK : ERR_EXISTS;
}

static enum err
remove_name(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0) == -1 ? io_errno() : ERR_OK;
}

static enum err
empty_folder(int root, const char *name)
{
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(root, name, &fd)) == ERR_NOTFOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = each_name(fd, remove_name);
	io_close(&fd);
	if (e == ERR_OK && unlinkat(root, name, AT_REMOVEDIR) == -1)
		e = io_errno();
	return e;
}

/* Removes what a restore has written that didn't come to its end. The marker goes last. */
static enum err
clean_up(int root)
{
	static const char *const own[] = {"index.db", "transfer.key", "transfer.pub", MARKER};
	enum err e;
	size_t i;

	if ((e = empty_folder(root, "items")) != ERR_OK ||
	    (e = empty_folder(root, "keys")) != ERR_OK)
		return e;
	for (i = 0; i < sizeof own / sizeof own[0]; i++)
		if (unlinkat(root, own[i], 0) == -1 && errno != ENOENT)
			return io_errno();
	return io_sync(root);
}

static enum err
make_private(int root, const char *name, int *fd)
{
	if (mkdirat(root, name, 0700) == -1)
		return io_errno();
	return io_open_dir(root, name, fd);
}

enum err
restore_dir_take(struct restore_dir *d, struct reason *why)
{
	enum err e;

	if (faccessat(d->root, "state", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return reason_set(why, ERR_EXISTS,
		    "%s is a store already: a backup is restored into an empty folder only.",
		    d->path);
	if (faccessat(d->root, MARKER, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (e = clean_up(d->root)) != ERR_OK)
		return reason_sys(
		    why, e, "Can't remove what an interrupted restore left in %s", d->path);
	if ((e = each_name(d->root, refuse_name)) == ERR_EXISTS)
		return reason_set(why, e,
		    "%s isn't empty: a backup is restored into an empty folder only.", d->path);
	if (e != ERR_OK || (e = io_write_new(d->root, MARKER, "", 0, 0600)) != ERR_OK ||
	    (e = make_private(d->root, "items", &d->items)) != ERR_OK ||
	    (e = make_private(d->root, "keys", &d->keys)) != ERR_OK)
		return reason_sys(why, e, "Can't write to %s", d->path);
	return ERR_OK;
}

enum err
restore_dir_create(const struct restore_dir *d, const struct backup_file *f, int *fd)
{
	switch (backup_kind_of(f->name)) {
	case BACKUP_OWN: return io_create(d->root, f->name, 0600, fd);
	case BACKUP_KEY: return io_create(d->keys, f->name + strlen("keys/"), 0600, fd);
	case BACKUP_ITEM: return io_create(d->items, f->name, 0400, fd);
	case BACKUP_STATE:
	case BACKUP_CONF:
	case BACKUP_NONE: break;
	}
	return ERR_PROFILE;
}

/*
 * The marker stays: the store process that opens it first sees by it that this index came from a
 * backup.
 */
enum err
restore_dir_complete(
    const struct restore_dir *d, const uint8_t *state, size_t n, struct reason *why)
{
	enum err e;

	if (syncfs(d->root) == -1)
		return reason_sys(why, io_errno(), "Can't write the store");
	if ((e = io_write_new(d->root, "state", state, n, 0600)) != ERR_OK)
		return reason_sys(why, e, "Can't write the file \"state\"");
	return ERR_OK;
}

void
restore_dir_undo(const struct restore_dir *d)
{
	if (faccessat(d->root, "state", F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		(void)!clean_up(d->root);
}

void
restore_dir_close(struct restore_dir *d)
{
	io_close(&d->items);
	io_close(&d->keys);
	io_close(&d->lock);
	io_close(&d->root);
}
