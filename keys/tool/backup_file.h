#ifndef SEALSLOT_TOOL_BACKUP_FILE_H
#define SEALSLOT_TOOL_BACKUP_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * The file of a backup: until it is whole it is called .tmp.<id>, with the id of its record, so
 * that what is killed leaves no half backup, and the next run knows what it finds.
 */
struct backup_file {
	const char *path; /* borrowed */
	const char *name; /* borrowed from path: what is behind its folder */
	int dir;          /* the folder */
};

#define BACKUP_FILE_NONE ((struct backup_file){.dir = -1})

/* Opens the folder of path, which must have nothing of that name. Fills in f on failure. */
enum err MUST_CHECK backup_file_begin(
    struct backup_file *out, const char *path, struct tool_fault *f);
void backup_file_end(struct backup_file *b); /* accepts BACKUP_FILE_NONE */

/* ERR_USAGE: its folder is in that of the key store, where a backup is of no use. */
enum err MUST_CHECK backup_file_is_outside(
    const struct backup_file *b, const struct keystore *k, struct tool_fault *f);
/*
 * Removes what backups of this key store left in the folder when they were killed: its log has
 * their ids. What can't be removed, or recorded as gone, stays.
 */
void backup_file_sweep(const struct backup_file *b, const struct keystore *k);
/*
 * Writes and syncs it. *is_left after a failure: something of it may be on the medium all the same;
 * then f says so.
 */
enum err MUST_CHECK backup_file_write(const struct backup_file *b, const char *id,
    const struct buf *content, bool *is_left, struct tool_fault *f);

#endif
