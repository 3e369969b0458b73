#include "parent/serving.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define NAME "serving"

/* Whatever its user has put in its place, nobody waits for it. */
static enum err
open_lock(int dir, int flags, int *out)
{
	struct stat st;
	int fd;

	fd = openat(dir, NAME, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd == -1)
		return io_errno();
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		io_close(&fd);
		return ERR_MODE;
	}
	*out = fd;
	return ERR_OK;
}

enum err
serving_hold(const char *store_path, int *fd, struct reason *why)
{
	enum err e = ERR_OK;
	int dir = -1;

	*fd = -1;
	if (io_open_dir(AT_FDCWD, store_path, &dir) != ERR_OK)
		return ERR_OK;
	if (faccessat(dir, "state", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		e = open_lock(dir, O_RDWR | O_CREAT, fd);
	if (e != ERR_OK)
		reason_sys(why, e,
		    "Can't open %s/" NAME ": is something else than a file in its place?",
		    store_path);
	else if (*fd != -1 && flock(*fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
		e = reason_set(why, ERR_BUSY, "Another server is running on this store.");
	if (e != ERR_OK)
		io_close(fd);
	io_close(&dir);
	return e;
}

bool
serving_is_held(const char *store_path)
{
	bool is_held = false;
	int dir = -1, fd = -1;

	if (io_open_dir(AT_FDCWD, store_path, &dir) == ERR_OK)
		if (open_lock(dir, O_RDONLY, &fd) == ERR_OK)
			is_held = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	io_close(&fd);
	io_close(&dir);
	return is_held;
}
