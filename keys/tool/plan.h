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

/* How many lines are of epochs that aren't over: as many are revoked when all keys are stolen. */
size_t plan_count_live(const struct schedule *s, int32_t today);
/* Is it a new epoch's entry, with no recipient yet? */
bool plan_is_open(const struct schedule_epoch *e);

/*
 * An epoch's first line is the key of the desk that signs: each is begun with it, those of other
 * desks are added behind, and a newer key takes the place of the one it replaces. No schedule is
 * signed in which it is another's (ceremony_test_keys). So a desk that has lost its keys
 * still knows which of the lines are its own.
 *
 * Adds a recipient behind the others of an epoch that the schedule has with
 * the same dates; nothing happens if it is there already. ERR_NOTFOUND: no such
 * epoch; ERR_USAGE: other dates; ERR_LIMIT: too many recipients or epochs.
 */
enum err MUST_CHECK plan_add_recipient(struct schedule *s, const struct schedule_epoch *e);
/* The line of e's inbox and number that lists this recipient; NULL if there is none. Borrowed. */
struct schedule_epoch *plan_find_line(const struct schedule *s, const struct schedule_epoch *e,
    const uint8_t recipient[static AGE_KEY]);
/* Lists a recipient of an epoch as revoked, in its place, unless it is already. ERR_LIMIT. */
enum err MUST_CHECK plan_add_revoked(struct schedule *s, const struct schedule_epoch *e);
/* Puts a newer recipient into a line of s, and revokes the one that stands there. ERR_LIMIT. */
enum err MUST_CHECK plan_replace_recipient(
    struct schedule *s, struct schedule_epoch *line, const uint8_t newer[static AGE_KEY]);
/* Adds a reply key unless it is there. ERR_LIMIT. */
enum err MUST_CHECK plan_add_reply_key(struct schedule *s, const struct minisign_key *k);
/* Takes it out; one that isn't there is no error. */
void plan_drop_reply_key(struct schedule *s, const struct minisign_key *k);

/* Do both list the same, whatever their serials and dates are? ERR_LIMIT: more than a schedule may
 * have. */
enum err MUST_CHECK plan_compare(const struct schedule *a, const struct schedule *b, bool *is_same);

#endif
