#ifndef SEALSLOT_CLIENT_LEDGER_H
#define SEALSLOT_CLIENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "open/identity.h"

/*
 * The catalog's lines on disk: a folder of age files, each sealed to the
 * unlock identity of the key store and never changed once it has its name.
 *
 *   000017.age       adds lines to all before it
 *   000018-all.age   stands for itself and everything before it
 *
 * Inside:
 *   sealslot-ledger 1
 *   number: 17
 *   after: <tag of the file before, or 64 zeros>
 *   <lines>
 *   tag: <64 hex: HMAC of all of the above>
 *
 * The tag's key comes from the unlock identity's secret, so only who has the
 * passphrase can write a ledger file, though anybody could seal one to a
 * recipient. A file that is missing in the middle is noticed by its
 * successor; that the newest ones are missing is not.
 *
 * `age -d` with the unlock identity shows the lines to stock tools.
 */
#define LEDGER_TAG 32

struct ledger {
	int dir;                       /* borrowed */
	const struct identity *unlock; /* borrowed */
	uint32_t number;               /* of the newest file, 0 for none */
	uint32_t base;                 /* of the newest -all file */
	uint8_t tag[LEDGER_TAG];       /* of the newest file */
};

/*
 * Reads everything there is; appends all lines in order to text. No lock is
 * needed: a reader that a writer overtakes begins again. ERR_NOTFOUND (no
 * file at all), ERR_NOMATCH (sealed to another key store), ERR_AUTH (a file that our key
 * didn't tag, or that was changed), ERR_TRUNCATED (one is missing in the middle), ERR_FORMAT,
 * ERR_PROFILE (of another version). In *number the file that was at fault, 0 for the folder.
 */
enum err MUST_CHECK ledger_open(
    struct ledger *l, int dir, const struct identity *unlock, struct buf *text, uint32_t *number);
/* One more file with these lines, synced, or none. Only under the vault's lock. */
enum err MUST_CHECK ledger_append(struct ledger *l, const void *lines, size_t n);
/* A file that stands for everything; those before it are removed. Begins a ledger, too, with
 * ledger_init. */
enum err MUST_CHECK ledger_replace(struct ledger *l, const void *lines, size_t n);
void ledger_init(struct ledger *l, int dir, const struct identity *unlock);
/* Are there so many files that one that stands for all is worth its writing? */
bool ledger_is_long(const struct ledger *l);
/* Removes what a killed writer left behind. Only under the vault's lock. */
void ledger_sweep(const struct ledger *l);

#endif
