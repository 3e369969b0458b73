#ifndef SEALSLOT_TOOL_REPLACE_H
#define SEALSLOT_TOOL_REPLACE_H

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
	uint32_t first, last; /* numbers */
};

/* "31", "31-40" or "31-": a range of numbers. */
enum err MUST_CHECK replace_parse(const char *s, struct replace_range *out);
/*
 * Makes a new key for each epoch of the range whose newest key the schedule
 * lists; so that a run which was cut off makes none twice. *made counts the epochs
 * whose newest key isn't listed now. ERR_NOTFOUND: no epoch of the range has a key of this store.
 */
enum err MUST_CHECK replace_make(struct keystore *k, struct schedule *s,
    const struct replace_range *range, int32_t today, uint32_t *made, struct tool_fault *f);
/*
 * In a schedule that is being made: wherever an older key of this store is
 * listed although there is a newer one, the newer one takes its place and the older
 * one is listed as revoked. *replaced counts them.
 */
enum err MUST_CHECK replace_apply(struct keystore *k, struct schedule *s, int32_t today,
    uint32_t *replaced, struct tool_fault *f);
/*
 * The same for keys that are lost: each epoch that isn't over and whose only recipient is no key
 * of this store gets a new one. Adds to *replaced. ERR_AMBIGUOUS: several desks share the epoch.
 */
enum err MUST_CHECK replace_lost(struct keystore *k, struct schedule *s, int32_t today,
    uint32_t *replaced, struct tool_fault *f);
/*
 * For a desk's offer: lists as revoked each older key of this store that the
 * answered schedule still lists for an epoch of the offer.
 */
enum err MUST_CHECK replace_declare(
    struct keystore *k, struct schedule *answered, struct schedule *offer, struct tool_fault *f);

#endif
