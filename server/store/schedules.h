#ifndef SEALSLOT_STORE_SCHEDULES_H
#define SEALSLOT_STORE_SCHEDULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "carry/schedule.h"
#include "wire/reason.h"

/*
 * The schedules that this store has accepted, in its folder keys/: each one as
 * keys-0012.txt beside keys-0012.txt.minisig. The one with the highest serial
 * is active (keys/FORMATS.md section 4, server rules).
 */
struct schedules {
	struct schedule *active; /* NULL: none, or damaged */
	struct buf text, sig;    /* of the active one */
	uint8_t hash[HASH_LEN];  /* of its text */
	uint32_t floor;          /* no lower serial is ever accepted again */
};

void schedules_init(struct schedules *s);
void schedules_wipe(struct schedules *s);

/*
 * Loads the newest schedule of the folder and verifies it under root. An empty
 * folder is ERR_OK without an active one. ERR_AUTH: the newest one doesn't verify;
 * an older one is never taken instead.
 */
enum err MUST_CHECK schedules_load(struct schedules *s, int keys, const char *instance,
    const struct minisign_key *root, struct reason *why);
/*
 * Verifies a schedule, checks that it may follow, writes it to the folder and
 * makes it the active one. The same one again is ERR_OK. *is_gap: serials in between
 * are missing.
 */
enum err MUST_CHECK schedules_accept(struct schedules *s, int keys, const char *instance,
    const struct minisign_key *root, const struct buf *text, const struct buf *sig, bool *is_gap,
    struct reason *why);

/* Has some inbox a key on that day? */
bool schedules_has_key(const struct schedules *s, int32_t day);
/*
 * A guess for an item whose row was lost: the only inbox of the active schedule, and the lowest
 * epoch that it can have been sealed to when it arrived on that day, 1 where nothing is known.
 * Without a schedule or with several inboxes: SCHEDULE_UNKNOWN and epoch 1.
 */
void schedules_guess(const struct schedules *s, int32_t day,
    char inbox[static LIMIT_INBOX_NAME + 1], uint32_t *epoch);

#endif
