#ifndef SEALSLOT_TOOL_RESTORE_GONE_H
#define SEALSLOT_TOOL_RESTORE_GONE_H

#include "base/buf.h"
#include "base/err.h"
#include "gone.h"
#include "published.h"
#include "restore.h"
#include "tool.h"

/* What was retired since a backup was made (gone.h), from all that a restore is given; borrowed. */
struct restore_gone {
	const struct restore_request *q;
	const struct buf *content;      /* of the backup, opened */
	const struct published *newest; /* the schedule that was given; its s is NULL without */
	const struct minisign_key *root_key; /* that signs it */
};

/*
 * *out is the caller's (gone_init before, gone_wipe after, also after a failure). ERR_STATE: the
 * log that was given isn't this key store's; or as backup_pick, schedule_parse and io_read_file.
 */
enum err MUST_CHECK restore_gone_find(
    const struct restore_gone *from, struct gone *out, struct tool_fault *f);

#endif
