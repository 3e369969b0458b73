#ifndef SEALSLOT_TOOL_REPLACE_RANGE_H
#define SEALSLOT_TOOL_REPLACE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * After a theft: another key for epochs that are already scheduled. The old key
 * stays in the key store, to open what was sealed to it until then. No schedule is changed here.
 */

/* Which epochs; only those that aren't over are ever meant. */
struct replace_range {
	const char *inbox;    /* NULL: every inbox */
	uint32_t first, last; /* numbers; last is 0: none */
	/* And each key that no schedule lists yet: a thief may have it all the same. */
	bool takes_unlisted;
};

/* "31", "31-40" or "31-": a range of numbers. */
enum err MUST_CHECK replace_range_parse(const char *s, struct replace_range *out);
/*
 * Makes another key for each epoch of the range that the schedule lists and the
 * key store has a key for. Also when the newest isn't listed: whoever stole the key store has what
 * a run that was cut off has made, and no run can know on which side of the theft it was.
 * ERR_NOTFOUND: no epoch of the range, of one inbox, has a key of this store.
 */
enum err MUST_CHECK replace_range_make(struct keystore *k, const struct schedule *s,
    const struct replace_range *range, int32_t today, struct tool_fault *f);

#endif
