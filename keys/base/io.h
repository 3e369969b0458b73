#ifndef SEALSLOT_BASE_IO_H
#define SEALSLOT_BASE_IO_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"
#include "sink.h"

/*
 * Files. Every open is O_CLOEXEC | O_NOFOLLOW, every created file is new
 * (O_EXCL) unless the function says "replace". Paths are relative to dirfd
 * (AT_FDCWD for the working directory). All return ERR_SYS with errno when the
 * system refuses, ERR_NOSPACE for ENOSPC and EDQUOT, ERR_NOTFOUND for ENOENT,
 * ERR_EXISTS for EEXIST.
 */

/* The error for the errno of a failed file call, as above. */
enum err io_errno(void);
/* Closes *fd unless it is -1 and sets it to -1; keeps errno. */
void io_close(int *fd);
enum err MUST_CHECK io_write_all(int fd, const void *p, size_t n);
enum err MUST_CHECK io_pwrite_all(int fd, const void *p, size_t n, off_t at);
/* Reads until n bytes or the end; *got says how many. */
enum err MUST_CHECK io_read_full(int fd, void *p, size_t n, size_t *got);
/* Reads exactly n bytes at an offset; ERR_TRUNCATED if the file is shorter. */
enum err MUST_CHECK io_pread_exact(int fd, void *p, size_t n, off_t at);
/* Opens an existing regular file for reading. ERR_MODE for anything else (link, folder, device). */
enum err MUST_CHECK io_open_file(int dirfd, const char *path, int *fd);
/* Opens a folder. ERR_MODE for anything else. */
enum err MUST_CHECK io_open_dir(int dirfd, const char *path, int *fd);
/* A list of the names in a folder, from the first on however often that was read; closedir it. */
enum err MUST_CHECK io_open_list(int dirfd, DIR **out);
/*
 * Opens the folder of a path, the caller's, and points *name at the rest, which is borrowed from
 * path. ERR_USAGE: the path names no file. ERR_LIMIT: it is too long.
 */
enum err MUST_CHECK io_open_parent(const char *path, int *dir, const char **name);
/* Appends a whole regular file to out. ERR_LIMIT if it is larger than what out may still hold. */
enum err MUST_CHECK io_read_file(int dirfd, const char *path, struct buf *out);
/* The same; a file that doesn't belong to owner is ERR_MODE. */
enum err MUST_CHECK io_read_file_of(int dirfd, const char *path, uid_t owner, struct buf *out);
/* A new file for writing. */
enum err MUST_CHECK io_create(int dirfd, const char *path, mode_t mode, int *fd);
enum err MUST_CHECK io_sync(int fd);
/* A sink that writes to *fd. fd is borrowed. */
struct sink io_sink(int *fd);

/* What gets a name (io_new.c). */

/* A new file with this content, synced together with its folder; removed again on failure. */
enum err MUST_CHECK io_write_new(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
/*
 * Gives a file another name, unless that is taken, even by a dangling link (ERR_EXISTS). Works on
 * every file system, with links or without. Names have no '/'.
 */
enum err MUST_CHECK io_take_name(int dirfd, const char *from, const char *to);
/* The same for a new file, and syncs the folder. Removes the file on failure. */
enum err MUST_CHECK io_rename_new(int dirfd, const char *from, const char *to);
/* How the random names of io_replace begin: what a killed program may leave behind. */
#define IO_TMP_PREFIX ".tmp."
/* Replaces or creates a file in one step: random name, sync, rename, sync of the folder. name has
 * no '/'. */
enum err MUST_CHECK io_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode);

#endif
