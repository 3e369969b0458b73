#ifndef SEALSLOT_CLIENT_OUTBOX_H
#define SEALSLOT_CLIENT_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "vault.h"

/*
 * The way back to the server (keys/FORMATS.md section 5): replies, which wait
 * sealed in VAULT/outbox, and receipts, in answer bundles that the desk's
 * reply key signs.
 *
 * What a bundle carries is decided, and written to the ledger, before its
 * file is made. So a run that was cut off, or whose medium was full, is made
 * good by the next one, which makes the same bundle again, byte for byte.
 */
#define OUTBOX_REPLIES  500   /* in one bundle; the others wait for the next one */
#define OUTBOX_RECEIPTS 50000 /* likewise */

/*
 * Seals a reply to the source of a submission. The vault is open for writing,
 * row is one of its catalog. ERR_NOTFOUND: the source left no way to answer; ERR_LIMIT: longer than
 * reply_text_max; ERR_FORMAT: not UTF-8, or empty; ERR_CRYPTO: nothing can be sealed to what the
 * manifest says.
 */
enum err MUST_CHECK outbox_reply(
    struct vault *v, const struct catalog_item *row, const void *text, size_t n);
/* Removes sealed replies that the ledger doesn't know: what a killed outbox_reply left. */
enum err MUST_CHECK outbox_sweep(struct vault *v);

/* What there is to send. */
struct outbox_waiting {
	size_t replies;
	size_t receipts;   /* that would go with the next bundle */
	size_t no_backup;  /* submissions without receipt for want of a backup */
	size_t incomplete; /* those of a day that the next bundle of the server completes */
	uint32_t begun;    /* serial of the bundle that is to be made again; 0: none */
};
void outbox_count(const struct vault *v, struct outbox_waiting *out);
/* Is a receipt for it due, given the newest day on which a whole bundle was made? */
bool outbox_is_due(const struct catalog_item *i, int32_t newest);
int32_t outbox_newest(const struct catalog *c);

/*
 * Decides what goes into the next bundle, unless one is begun, and makes it as
 * path. after: its serial is to be above this one; a begun one that isn't is given up, and
 * the new one carries what it had. ERR_NOTFOUND: nothing is waiting; ERR_EXISTS: a
 * file of that name is there. *serial, *replies and *receipts say what it is.
 */
struct outbox_made {
	struct post_bundle bundle;
	uint32_t given_up; /* serial of the begun one whose content this one has; 0: none */
	const char *why;   /* on a failure: at what, in plain words; NULL */
};
enum err MUST_CHECK outbox_write(
    struct vault *v, const char *path, uint32_t after, struct outbox_made *out);
/* All that a bundle carried waits again. ERR_NOTFOUND: no such bundle was made here. */
enum err MUST_CHECK outbox_again(struct vault *v, uint32_t serial);

#endif
