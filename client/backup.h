#ifndef SEALSLOT_CLIENT_BACKUP_H
#define SEALSLOT_CLIENT_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/tar.h"
#include "vault.h"

/*
 * A vault in one file (keys/FORMATS.md section 7): a tar archive of its files,
 * sealed to the unlock identity of its key store, so that it opens with the
 * key store and its passphrase alone, with stock tools too:
 *
 *   age -d KEYS/unlock.age >id; age -d -i id FILE | tar -x
 *
 * The file gets its name only after all of it was on its medium and was read
 * back from there, decrypted and compared. Then the ledger learns which
 * submissions it has: only these get receipts.
 */
struct backup_events {
	void *ctx;
	/* A submission whose bytes aren't those that the server signed for: it is in the backup as
	 * it is, but counts as none. */
	void (*differs)(void *ctx, const char *id);
	void (*progress)(void *ctx, uint64_t done, uint64_t total); /* bytes, writing and reading */
};

struct backup_report {
	size_t items;    /* submissions in it, as the server signed them */
	size_t differ;   /* others */
	uint64_t bytes;  /* of the file */
	const char *why; /* after a failure: at what, in plain words; NULL */
	char unread[TAR_NAME_MAX +
		    1]; /* after a failure: the file of the vault that can't be read; "" */
};

/* v is open for writing. ERR_EXISTS, ERR_NOSPACE, ERR_AUTH (what was read back isn't what was
 * written), ERR_SYS. */
enum err MUST_CHECK backup_write(
    struct vault *v, const char *path, const struct backup_events *ev, struct backup_report *out);

/* How a vault is to come back. */
struct backup_job {
	const char *file; /* the backup */
	const char *path; /* the vault to make: a new or an empty folder */
	const char *keys; /* the key store */
	const struct secret_text *pass;
};
struct backup_restored {
	size_t items;
	struct vault_fault fault;
};
/*
 * Every byte is authenticated before it is written, all is synced, vault.txt
 * comes last. On a failure what it made is removed again.
 */
enum err MUST_CHECK backup_restore(const struct backup_job *job, struct backup_restored *out);

#endif
