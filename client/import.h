#ifndef SEALSLOT_CLIENT_IMPORT_H
#define SEALSLOT_CLIENT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/bundle.h"
#include "vault.h"

/*
 * Brings one volume of a bundle into a vault (keys/FORMATS.md section 6), in
 * one pass over a file or a pipe. Nothing in it is believed before the
 * index's signature is verified under the pinned transfer key. An item gets its
 * name in the vault only when all of it was copied, has the listed size and hash, and is on
 * the medium; it gets its row in the ledger after that. So an import may be
 * killed at any point, and run again.
 */

/* What the user must hear about by name. */
enum import_kind {
	IMPORT_FOREIGN,  /* a member that no bundle of ours has; skipped */
	IMPORT_UNLISTED, /* an item that the signed index doesn't list; skipped */
	IMPORT_DAMAGED,  /* an item whose bytes aren't those that the index lists; skipped */
	IMPORT_HEALED,   /* the vault's file of it was damaged, and is replaced */
	IMPORT_CHANGED,  /* an item that the vault has with other bytes; skipped */
	IMPORT_SCHEDULE, /* a schedule that doesn't verify (why); skipped */
	IMPORT_UNOPENED, /* an item was kept, but can't be opened: e */
	IMPORT_FLAGGED,  /* an item was kept, but something in it doesn't fit */
	IMPORT_MISSING,  /* the index lists it, neither the medium nor the vault has it */
	IMPORT_ENDED, /* the medium ends, or can't be read further, within or after this member */
};

struct import_note {
	enum import_kind kind;
	const char *name; /* of the member, or the item's id; untrusted */
	enum err e;       /* for IMPORT_UNOPENED and IMPORT_ENDED */
	const char *why;  /* for IMPORT_SCHEDULE, or NULL */
};

/* Both may be NULL. */
struct import_events {
	void *ctx;
	void (*note)(void *ctx, const struct import_note *n);
	void (*progress)(void *ctx, uint64_t bytes); /* read so far */
};

struct import_report {
	struct bundle_head head;
	bool is_authentic; /* the head above is the signed one */
	bool is_first;     /* the transfer key was pinned by this import */
	bool is_cut;       /* the medium ended early */
	size_t listed;     /* items in the index */
	size_t had;        /* of these, in the vault before */
	size_t added;
	size_t missing;
	size_t unopened; /* of the added ones */
};

/*
 * v must be open for writing. ERR_OK: the volume was whole, or is_cut and the
 * notes say what wasn't; everything that was whole is in the vault. Anything else: nothing more
 * could be done; *why, if not NULL, says it in plain words.
 */
enum err MUST_CHECK import_run(struct vault *v, int fd, const struct import_events *ev,
    struct import_report *r, const char **why);
/* Tries again to open what couldn't be for want of a key, where KEYS has one by now; *n: how many
 * it opened. */
enum err MUST_CHECK import_retry(struct vault *v, size_t *n);

#endif
