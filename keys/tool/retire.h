#ifndef SEALSLOT_TOOL_RETIRE_H
#define SEALSLOT_TOOL_RETIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "holders.h"
#include "keyring.h"
#include "need.h"
#include "tool.h"

/*
 * Which epochs of a key store may be destroyed, and which must stay, and why
 * (keys/FORMATS.md section 4, "The end of a key").
 */
enum retire_verdict {
	RETIRE_AHEAD, /* isn't over yet, or no vault has heard of it */
	RETIRE_STAYS, /* it is over, and something still needs it: why */
	RETIRE_GOES,  /* nothing needs it any more */
	RETIRE_BEGUN, /* a run that was cut off has begun with it: it goes without a question */
};

struct retire_epoch {
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t number;
	size_t first, n; /* its keys in the ring, the replaced ones too */
	int32_t end;     /* 0: unknown */
	enum retire_verdict verdict;
	bool
	    is_lossy; /* it goes by choice although the server may have what nobody can open then */
	char why[400];
};

struct retire_plan {
	struct retire_epoch *p; /* owned; by inbox, then number */
	size_t n;
};

/* needs may be empty: then only what was begun goes. */
struct retire_request {
	const struct need *needs;
	size_t n_needs;
	bool is_lost_by_choice; /* what the server may still have, and what never arrived, is given
				   up */
	int32_t today;
};

enum err MUST_CHECK retire_plan(const struct keyring *ring, const struct holders *known,
    const struct retire_request *q, struct retire_plan *out);
void retire_wipe(struct retire_plan *p); /* accepts a zeroed struct */
/* How many have this verdict. */
size_t retire_count(const struct retire_plan *p, enum retire_verdict verdict);
/* Records it and destroys all keys of one epoch. Killed at any step, the next run finishes it. */
enum err MUST_CHECK retire_destroy(struct keystore *k, const struct keyring *ring,
    const struct retire_epoch *e, struct tool_fault *f);

#endif
