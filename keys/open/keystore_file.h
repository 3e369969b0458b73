#ifndef SEALSLOT_OPEN_KEYSTORE_FILE_H
#define SEALSLOT_OPEN_KEYSTORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The files of a private folder: both are the caller's own and closed to
 * everybody else, and neither is ever a link. A file appears whole or not at
 * all: it is written under a temporary name (".tmp." and 32 hex digits), synced,
 * and given its own.
 */

/* Opens a folder of ours, mode 0700 or less. ERR_MODE, ERR_NOTFOUND. */
enum err MUST_CHECK keystore_file_folder(int dirfd, const char *path, int *fd);
/*
 * Makes a folder of mode 0700 unless it is there, and opens it. ERR_MODE: it isn't ours alone, or
 * its file system can't close it to others, as FAT; then none was made.
 */
enum err MUST_CHECK keystore_file_new_folder(const char *path, int *fd);
/* Makes a folder of mode 0700 unless it is there. */
enum err MUST_CHECK keystore_file_mkdir(int dirfd, const char *name);
/* Appends a file of ours, mode 0600 or less. ERR_MODE, ERR_NOTFOUND, ERR_LIMIT. */
enum err MUST_CHECK keystore_file_read(int dirfd, const char *name, struct buf *out);
/* A new file of mode 0600, synced. ERR_EXISTS leaves the old one as it is. */
enum err MUST_CHECK keystore_file_write(int dirfd, const char *name, const void *p, size_t n);

/*
 * Overwrites a file of ours with random bytes, syncs, removes it, and syncs the folder. What that
 * leaves on flash or on a journalling file system is beyond us. ERR_NOTFOUND, ERR_MODE.
 */
enum err MUST_CHECK keystore_file_destroy(int dirfd, const char *name);

/*
 * Calls each for every name in the folder but "." and ".."; stops at its first
 * error. The folder's descriptor isn't moved.
 */
enum err MUST_CHECK keystore_file_each(
    int dirfd, enum err (*each)(void *ctx, int dirfd, const char *name), void *ctx);
/* ERR_EXISTS: there is something in the folder. */
enum err MUST_CHECK keystore_file_check_empty(int dirfd);
/* Is it a temporary name, left over when it stands outside of a running write? */
bool keystore_file_is_leftover(const char *name);
/* Removes all leftovers that it can. Only while no other process may be writing. */
void keystore_file_clean(int dirfd);

#endif
