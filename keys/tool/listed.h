#ifndef SEALSLOT_TOOL_LISTED_H
#define SEALSLOT_TOOL_LISTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"

/*
 * What a schedule lists, while it is being made: finds, adds, replaces and takes out single lines,
 * in memory and in their places. The schedule is the caller's, with room for LIMIT_EPOCHS epochs
 * and LIMIT_REVOKED revoked ones, as schedule_new gives it; a failure leaves it as it was.
 *
 * An epoch's first line is the key of the desk that signs: each is begun with it, those of other
 * desks are added behind, and a newer key takes the place of the one it replaces. No schedule is
 * signed in which it is another's (ceremony_test_keys). So a desk that has lost its keys
 * still knows which of the lines are its own.
 */

/* How many lines are of epochs that aren't over: as many are revoked when all keys are stolen. */
size_t listed_count_live(const struct schedule *s, int32_t today);
/*
 * Adds a recipient behind the others of an epoch that the schedule has with
 * the same dates; nothing happens if it is there already. ERR_NOTFOUND: no such
 * epoch; ERR_USAGE: other dates; ERR_LIMIT: too many recipients or epochs.
 */
enum err MUST_CHECK listed_add_recipient(struct schedule *s, const struct schedule_epoch *e);
/* The line of e's inbox and number that lists this recipient; NULL if there is none. Borrowed. */
struct schedule_epoch *listed_find(const struct schedule *s, const struct schedule_epoch *e,
    const uint8_t recipient[static AGE_KEY]);
/* Lists a recipient of an epoch as revoked, in its place, unless it is already. ERR_LIMIT. */
enum err MUST_CHECK listed_add_revoked(struct schedule *s, const struct schedule_epoch *e);
/* Puts a newer recipient into a line of s, and revokes the one that stands there. ERR_LIMIT. */
enum err MUST_CHECK listed_replace_recipient(
    struct schedule *s, struct schedule_epoch *line, const uint8_t newer[static AGE_KEY]);
/* Adds a reply key unless it is there. ERR_LIMIT. */
enum err MUST_CHECK listed_add_reply_key(struct schedule *s, const struct minisign_key *k);
/* Takes it out; one that isn't there is no error. */
void listed_drop_reply_key(struct schedule *s, const struct minisign_key *k);

/* Do both list the same, whatever their serials and dates are? ERR_LIMIT: more than a schedule may
 * have. */
enum err MUST_CHECK listed_compare(
    const struct schedule *a, const struct schedule *b, bool *is_same);

#endif
