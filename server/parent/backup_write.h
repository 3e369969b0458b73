#ifndef SEALSLOT_PARENT_BACKUP_WRITE_H
#define SEALSLOT_PARENT_BACKUP_WRITE_H

#include "base/err.h"
#include "parent/export_files.h"
#include "parent/setup.h"

/*
 * A backup (keys/FORMATS.md section 8): the list, the store's own files, the
 * configuration and root key, the schedules, the submissions.
 */
struct backup_write {
	const struct setup *setup; /* borrowed */
	const char *conf_path;     /* borrowed */
	struct export_files files;
	struct buf *items;          /* borrowed: struct op_export_item each, ascending by id */
	const struct buf *database; /* borrowed: a snapshot of the index */
	struct buf list;            /* backup.txt */
	struct buf small;           /* the members before the submissions, one behind the other */
	struct buf heads;           /* struct backup_file of each of them */
};

/* Reads what is small, hashes what isn't hashed yet, makes the list. */
enum err MUST_CHECK backup_prepare(struct backup_write *b, struct reason *why);
enum err MUST_CHECK backup_write(
    struct backup_write *b, const struct export_out *out, struct reason *why);
void backup_write_wipe(struct backup_write *b); /* accepts a zeroed struct */

#endif
