#ifndef SEALSLOT_TOOL_PLAN_H
#define SEALSLOT_TOOL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "holders.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * What the next schedule lists: pure arithmetic over the schedule before and
 * what the admin asks for. No file, no key, no clock.
 */
#define PLAN_DAYS       14            /* days of an epoch unless said otherwise */
#define PLAN_EPOCHS     26            /* epochs ahead unless said otherwise */
#define PLAN_EPOCHS_MAX LIMIT_REVOKED /* more could not all be revoked */

struct plan_request {
	const char *instance;
	int32_t today;
	bool has_from;
	int32_t from;    /* first day of the first new epoch */
	uint32_t days;   /* 0: as the inbox's last epoch, or PLAN_DAYS */
	uint32_t epochs; /* how many shall not have ended, today's included */
	/* New inboxes, and new titles of old ones. */
	struct schedule_inbox inboxes[LIMIT_INBOXES];
	size_t n_inboxes;
	/* The epoch keys that the key store has. */
	const struct keystore_epoch *have;
	size_t n_have;
	/* What its log calls retired; NULL: nothing. */
	const struct holders *known;
};

/*
 * The next schedule: all that old lists (NULL: there is none) but epochs that
 * are over and whose key is gone, with what was revoked of them, and the new epochs. No new epoch
 * takes a number that the log calls retired: retire would destroy its key. A new epoch
 * has one entry, with a recipient of zeros: the key store's own key, which is still to be made or
 * found. serial, previous and issued are set; *out is the caller's.
 */
enum err MUST_CHECK plan_make(const struct schedule *old, const uint8_t old_hash[static HASH_LEN],
    const struct plan_request *r, struct schedule **out, struct tool_fault *f);

/* Is it a new epoch's entry, with no recipient yet? */
bool plan_is_open(const struct schedule_epoch *e);

#endif
