#ifndef SEALSLOT_TOOL_COPY_OPEN_H
#define SEALSLOT_TOOL_COPY_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "carry/schedule.h"
#include "copies.h"
#include "holders.h"
#include "open/keystore.h"
#include "published.h"
#include "tool.h"

/* A key store and the copy that reviewer-copy makes of it, or brings up to date. */
struct copy {
	const char *from_path, *to_path;
	const char *from_pass, *to_pass;
	bool is_bringing_back;
	struct keystore *from, *to;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	char id[RANDOM_ID_LEN + 1];       /* of the copy; in both logs */
	struct holders known, copy_knows; /* what each log says */
	struct copies_ring have, want;    /* the copy's keys, and those of KEYS */
	struct published newest;          /* of KEYS; its s is NULL without */
	uint32_t added, removed, brought_back;
};

/*
 * Opens and locks both, from their paths; makes the copy if there is none. What has keys already
 * must be a copy of this key store: ERR_USAGE. Fills in from, to, instance, id and what the logs
 * say, which are the caller's, also after a failure.
 */
enum err MUST_CHECK copy_open(struct copy *c, struct tool_fault *f);

#endif
