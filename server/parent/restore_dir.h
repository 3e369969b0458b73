#ifndef SEALSLOT_PARENT_RESTORE_DIR_H
#define SEALSLOT_PARENT_RESTORE_DIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "parent/backup_index.h"
#include "wire/reason.h"

/*
 * The folder in which a restore makes a store. A marker lies in it from the
 * beginning; what lies beside that isn't a store yet, and is ours to remove.
 * It is one once the file "state" is there.
 */
struct restore_dir {
	const char *path; /* borrowed */
	int root, items, keys, lock;
};

#define RESTORE_DIR_NONE ((struct restore_dir){.root = -1, .items = -1, .keys = -1, .lock = -1})

/* Opens it, locked. ERR_MODE: it isn't ours alone. ERR_BUSY. On failure, too, it is to be closed.
 */
enum err MUST_CHECK restore_dir_open(struct restore_dir *d, const char *path, struct reason *why);
/* Takes it: removes what an interrupted restore left, lays the marker. ERR_EXISTS: it isn't empty.
 */
enum err MUST_CHECK restore_dir_take(struct restore_dir *d, struct reason *why);
/* A new file of the backup, in its place; *fd is the caller's. ERR_PROFILE: it has none there. */
enum err MUST_CHECK restore_dir_create(
    const struct restore_dir *d, const struct backup_file *f, int *fd);
/* Everything is on the medium before it becomes a store, by the file "state". */
enum err MUST_CHECK restore_dir_complete(
    const struct restore_dir *d, const uint8_t *state, size_t n, struct reason *why);
/* Removes what was written, unless it is a store. What can't be removed the next restore removes.
 */
void restore_dir_undo(const struct restore_dir *d);
void restore_dir_close(struct restore_dir *d);

#endif
