#ifndef SEALSLOT_TOOL_REPLACE_H
#define SEALSLOT_TOOL_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * What a schedule that is being made lists of this store: new keys in the place of those that were
 * stolen (replace_range.h) or are lost.
 */

/*
 * Wherever an older key of this store is listed although there is a newer one, the newer one takes
 * its place and the older one is listed as revoked. *replaced counts them.
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
