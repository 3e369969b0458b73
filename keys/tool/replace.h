#ifndef SEALSLOT_TOOL_REPLACE_H
#define SEALSLOT_TOOL_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * After a theft: new keys for epochs that are already scheduled. The old key
 * stays in the key store, to open what was sealed to it until then.
 */

/* Which epochs; only those that aren't over are ever meant. */
struct replace_range {
	const char *inbox;    /* NULL: every inbox */
	uint32_t first, last; /* numbers; last is 0: none */
	/* And each key that no schedule lists yet: a thief may have it all the same. */
	bool takes_unlisted;
};

/* "31", "31-40" or "31-": a range of numbers. */
enum err MUST_CHECK replace_parse(const char *s, struct replace_range *out);
/*
 * Makes another key for each epoch of the range that the schedule lists and the
 * key store has a key for. Also when the newest isn't listed: whoever stole the key store has what
 * a run that was cut off has made, and no run can know on which side of the theft it was.
 * ERR_NOTFOUND: no epoch of the range, of one inbox, has a key of this store.
 */
enum err MUST_CHECK replace_make(struct keystore *k, const struct schedule *s,
    const struct replace_range *range, int32_t today, struct tool_fault *f);
/*
 * In a schedule that is being made: wherever an older key of this store is
 * listed although there is a newer one, the newer one takes its place and the older
 * one is listed as revoked. *replaced counts them.
 */
enum err MUST_CHECK replace_apply(struct keystore *k, struct schedule *s, int32_t today,
    uint32_t *replaced, struct tool_fault *f);
/*
 * The same for keys that are lost: each epoch that isn't over and lists no key of this store gets a
 * new one, in its first line: that was the lost one's (listed.h), and those behind it are other
 * desks'. Adds to *replaced.
 */
enum err MUST_CHECK replace_lost(struct keystore *k, struct schedule *s, int32_t today,
    uint32_t *replaced, struct tool_fault *f);
/*
 * For a desk's offer: lists as revoked each older key of this store for an epoch of the offer,
 * but those that the answered schedule has revoked. An earlier offer may have brought it to the
 * other desk.
 */
enum err MUST_CHECK replace_declare(struct keystore *k, const struct schedule *answered,
    struct schedule *offer, struct tool_fault *f);

#endif
