#ifndef SEALSLOT_TOOL_RESTORE_H
#define SEALSLOT_TOOL_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "copies.h"
#include "tool.h"

/* A key store from its backup. */
struct restore_request {
	const char *file, *path;     /* the backup, and the folder to make */
	const char *schedule, *root; /* the newest schedule and its root key, or NULL */
	const char *log;             /* a log that is newer than the backup, or NULL */
	const char *passphrase_file; /* or NULL: ask */
};

struct restore_result {
	uint32_t written; /* epoch keys */
	/* Left out: what a log calls retired, and what the schedules list no more. Kept, but they
	 * may have been retired: those of which the schedule says nothing. */
	struct copies_ring retired, unlisted, unsure;
	bool is_handed_over; /* another root key signs now: the backup's was left out */
};

/*
 * Writes all files, then opens every key, then adds the schedule if it is
 * newer than the backup's; the instance comes last. What stands in the way is never overwritten;
 * what a run that was cut off has written is taken as it is, or destroyed if it is to be left out.
 */
enum err MUST_CHECK restore_run(
    const struct restore_request *q, struct restore_result *out, struct tool_fault *f);
void restore_result_wipe(struct restore_result *r); /* accepts a zeroed struct */

#endif
