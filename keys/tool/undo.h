#ifndef SEALSLOT_TOOL_UNDO_H
#define SEALSLOT_TOOL_UNDO_H

#include <stdbool.h>

#include "base/err.h"
#include "keyring.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * A run that is refused takes the epoch keys back that it made: a revoke which can't be run yet
 * would else leave one more for each epoch every time. Only before anything is written that lists
 * them. The caller holds the lock from begin on.
 */
struct undo {
	struct keyring before;
	bool has_begun;
};

/* Notes which keys there are. *u is the caller's (undo_wipe), also after a failure. */
enum err MUST_CHECK undo_begin(struct undo *u, const struct keystore *k, struct tool_fault *f);
/* Removes all others. What can't be removed stays, as after a run that was cut off. */
void undo_keys(const struct undo *u, struct keystore *k);
void undo_wipe(struct undo *u); /* accepts a zeroed struct */

#endif
