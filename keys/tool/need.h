#ifndef SEALSLOT_TOOL_NEED_H
#define SEALSLOT_TOOL_NEED_H

#include "base/err.h"
#include "carry/minisign.h"
#include "carry/needs.h"
#include "tool.h"

/* What `sealslot-review needs VAULT FILE` has written, read whole. */
struct need {
	const char *path; /* borrowed */
	struct needs_head head;
	struct needs_epoch *epochs; /* owned */
	struct needs_item *items;   /* owned */
	size_t n_epochs, n_items;
};

/* Verified under the desk's reply key; for another instance it is refused. *out is the caller's
 * (need_wipe), also after a failure. */
enum err MUST_CHECK need_read(const char *path, const struct minisign_key *desk,
    const char *instance, struct need *out, struct tool_fault *f);
void need_wipe(struct need *n); /* accepts a zeroed struct */
/* NULL if the vault has never heard of that epoch. */
const struct needs_epoch *need_epoch(const struct need *n, const char *inbox, uint32_t number);
/* Has the vault heard of any epoch of that inbox? */
bool need_has_inbox(const struct need *n, const char *inbox);

#endif
