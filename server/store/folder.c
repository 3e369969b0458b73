#include "store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "store/upload.h"
#include "wire/item_file.h"

void
folder_close(struct folder *f)
{
	io_close(&f->keys);
	io_close(&f->items);
	io_close(&f->root);
	io_close(&f->lock);
}

/* A folder that is ours and nobody else's. */
static enum err
open_private(int dirfd, const char *path, int *out, struct reason *why)
{
	struct stat st;
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(dirfd, path, &fd)) == ERR_NOTFOUND)
		return reason_set(
		    why, e, "There is no folder %s: make the store with sealslotd init.", path);
	if (e == ERR_MODE)
		return reason_set(why, e, "%s must be a folder, not a link or a file.", path);
	if (e == ERR_SYS && errno == EACCES)
		return reason_set(why, e,
		    "User %u, whom the store runs as, may not enter %s: it must belong to that user, "
		    "and the folders above must let others pass (chmod o+x).",
		    geteuid(), path);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't open the folder %s", path);
	if (fstat(fd, &st) == -1)
		e = reason_sys(why, ERR_SYS, "Can't look at %s", path);
	else if (st.st_uid != geteuid())
		e = reason_set(why, ERR_MODE,
		    "%s belongs to user %u, but the store runs as user %u: use chown, or set \"user\" "
		    "in the configuration.",
		    path, st.st_uid, geteuid());
	else if ((st.st_mode & 077) != 0)
		e = reason_set(why, ERR_MODE,
		    "%s can be used by others (mode %03o): say chmod 700 and check who has been there.",
		    path, st.st_mode & 0777u);
	if (e == ERR_OK)
		*out = fd;
	else
		io_close(&fd);
	return e;
}

static enum err
take_lock(struct folder *f, struct reason *why)
{
	f->lock = openat(f->root, FOLDER_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->lock == -1)
		return reason_sys(why, io_errno(), "Can't open the lock of the store");
	if (flock(f->lock, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (errno != EWOULDBLOCK)
		return reason_sys(why, ERR_SYS, "Can't lock the store");
	return reason_set(why, ERR_BUSY,
	    "Another sealslotd is at work on this store. Only one may be: end the other one, or wait "
	    "until it is done.");
}

enum err
folder_open(const char *path, struct folder *f, struct reason *why)
{
	struct folder new = FOLDER_CLOSED;
	enum err e;

	if ((e = open_private(AT_FDCWD, path, &new.root, why)) != ERR_OK)
		goto done;
	if (faccessat(new.root, FOLDER_STATE, F_OK, AT_SYMLINK_NOFOLLOW) == -1) {
		e = reason_set(
		    why, ERR_NOTFOUND, "%s isn't a store yet: make it with sealslotd init.", path);
		goto done;
	}
	if ((e = take_lock(&new, why)) != ERR_OK ||
	    (e = open_private(new.root, FOLDER_ITEMS, &new.items, why)) != ERR_OK ||
	    (e = open_private(new.root, FOLDER_KEYS, &new.keys, why)) != ERR_OK)
		goto done;
	*f = new;
	new = FOLDER_CLOSED;
done:
	folder_close(&new);
	return e;
}

/* The first name in a folder that none of ours is; false when there is none. A probe that was
 * killed may have left a copy. */
static bool
has_foreign(int dirfd, const char *const *ours, char name[static 256])
{
	const char *const *o;
	struct dirent *d;
	bool is_found = false;
	DIR *dir = NULL;

	if (io_open_list(dirfd, &dir) != ERR_OK) {
		memcpy(name, ".", sizeof ".");
		return true;
	}
	while (!is_found && (d = readdir(dir)) != NULL) {
		for (o = ours; *o != NULL && strcmp(*o, d->d_name) != 0; o++)
			;
		is_found = *o == NULL && strcmp(d->d_name, ".") != 0 &&
			   strcmp(d->d_name, "..") != 0 &&
			   !item_file_is_name(d->d_name, ITEM_FILE_COPY);
		if (is_found)
			memcpy(name, d->d_name, strlen(d->d_name) + 1);
	}
	closedir(dir);
	return is_found;
}

/* What an init that was interrupted may have left, and what a fresh file system has. */
static enum err
check_fresh(int root, const char *path, struct reason *why)
{
	static const char *const ours[] = {FOLDER_ITEMS, FOLDER_KEYS, FOLDER_LOCK, FOLDER_INDEX,
	    FOLDER_JOURNAL, FOLDER_SPARE, "transfer.key", "transfer.pub", "lost+found", NULL};
	static const char *const none[] = {NULL};
	char name[256];
	bool is_foreign;
	int items = -1;

	if (faccessat(root, FOLDER_STATE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return reason_set(
		    why, ERR_EXISTS, "%s is a store already: nothing was changed.", path);
	if (has_foreign(root, ours, name))
		return reason_set(why, ERR_EXISTS,
		    "%s isn't empty (%s): give an empty or new folder as the store's path.", path,
		    name);
	if (io_open_dir(root, FOLDER_ITEMS, &items) != ERR_OK)
		return ERR_OK;
	is_foreign = has_foreign(items, none, name);
	io_close(&items);
	if (is_foreign)
		return reason_set(why, ERR_EXISTS,
		    "%s has submissions, but no file \"state\": restore it from the backup.", path);
	return ERR_OK;
}

static enum err
make_private(int root, const char *name, int *fd, struct reason *why)
{
	if (mkdirat(root, name, 0700) == -1 && errno != EEXIST)
		return reason_sys(why, io_errno(), "Can't make the folder %s", name);
	return open_private(root, name, fd, why);
}

enum err
folder_create(const char *path, struct folder *f, struct reason *why)
{
	struct folder new = FOLDER_CLOSED;
	enum err e;

	if ((e = open_private(AT_FDCWD, path, &new.root, why)) != ERR_OK ||
	    (e = take_lock(&new, why)) != ERR_OK ||
	    (e = check_fresh(new.root, path, why)) != ERR_OK ||
	    (e = make_private(new.root, FOLDER_ITEMS, &new.items, why)) != ERR_OK ||
	    (e = make_private(new.root, FOLDER_KEYS, &new.keys, why)) != ERR_OK)
		goto done;
	*f = new;
	new = FOLDER_CLOSED;
done:
	folder_close(&new);
	return e;
}

/* Walks one empty upload through the protocol. */
enum err
folder_probe(const struct folder *f, struct reason *why)
{
	static const char step_new[] = "make unnamed files (O_TMPFILE)";
	static const char step_settle[] = "lease files";
	static const char step_link[] = "link unnamed files";
	struct upload_claim claim = {.size = 1, .max_stored = UINT64_MAX};
	char id[RANDOM_ID_LEN + 1];
	const char *step = step_new;
	int fd = -1, writer = -1;
	enum err e;

	random_id(id);
	if ((e = upload_new(f->items, &fd, &writer)) != ERR_OK)
		goto done;
	step = step_settle;
	if ((e = io_write_all(writer, "", 1)) != ERR_OK)
		goto done;
	io_close(&writer);
	if ((e = upload_settle(fd, &claim)) != ERR_OK)
		goto done;
	step = step_link;
	e = upload_try_link(fd, f->items, id);
done:
	io_close(&writer);
	io_close(&fd);
	if (e == ERR_OK)
		return e;
	if (e == ERR_NOSPACE)
		return reason_set(why, e, "The file system of the store is full.");
	return reason_sys(why, e,
	    "The file system of the store can't %s, or is mounted read-only; ext4, XFS and tmpfs can",
	    step);
}
