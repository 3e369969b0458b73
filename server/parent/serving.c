#include "parent/serving.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"

#define NAME "serving"

enum err
serving_hold(const char *store_path, int *fd, struct reason *why)
{
	enum err e = ERR_OK;
	int dir = -1;

	*fd = -1;
	if (io_open_dir(AT_FDCWD, store_path, &dir) != ERR_OK)
		return ERR_OK;
	if (faccessat(dir, "state", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		*fd = openat(dir, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd != -1 && flock(*fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
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
		fd = openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1)
		is_held = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	io_close(&fd);
	io_close(&dir);
	return is_held;
}
