#ifndef SEALSLOT_CLIENT_VAULT_H
#define SEALSLOT_CLIENT_VAULT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "catalog.h"
#include "ledger.h"
#include "open/keystore.h"
#include "open/secret.h"

/*
 * A reviewer's vault: a folder of mode 0700.
 *
 *   vault.txt              "sealslot-vault 1" and the path of the key store, in the clear
 *   items/<id>.age         submissions, exactly as the server sealed them
 *   ledger/                the catalog (ledger.h)
 *   schedules/0012.age     schedules with their signatures, sealed to the unlock identity
 *   archive.age            the archive key (keep.h), sealed to the unlock identity; once needed
 *   kept/<id>.age          submissions that were sealed anew to it
 *   outbox/<id>.reply      replies, sealed to their sources; there once a first one was written
 *
 * No epoch key is in it. Who finds it without the key store sees how many
 * submissions there are, their ids, their padded sizes, when they were
 * imported, how often the vault was written to, and where the key store was mounted.
 */
#define VAULT_FILE      "vault.txt"
#define VAULT_ITEMS     "items"
#define VAULT_LEDGER    "ledger"
#define VAULT_SCHEDULES "schedules"
#define VAULT_OUTBOX    "outbox"
#define VAULT_ITEM_EXT  ".age"
#define VAULT_ITEM_NAME (RANDOM_ID_LEN + sizeof VAULT_ITEM_EXT) /* with the NUL */

struct vault {
	int dir, items, schedules, ledger_dir;
	char keys_path[PATH_MAX];
	struct keystore *keys;
	struct ledger ledger;
	struct catalog catalog;
	struct identity_set all; /* every epoch identity that KEYS has, once asked for */
	bool has_all;
	struct identity_set epoch; /* those of one epoch number, the last asked for */
	uint32_t epoch_number;
	struct schedule *schedule; /* the last asked for */
};

/* What went wrong, for the message: which file, and in plain words what is wrong with it. */
struct vault_fault {
	char path[PATH_MAX];
	const char *why; /* static; NULL: err_text says it all */
};

/* How a vault is to be opened. */
struct vault_access {
	const char *path;
	const char *keys; /* the key store, in the place of the recorded one; NULL */
	const char
	    *root; /* vault_create: the root key's file, where the key store has none; NULL */
	const struct secret_text *pass;
};

/*
 * Makes a vault for the key store at how->keys, whose absolute path it
 * records. The folder must not exist, or be empty. Pins instance and root key. On any failure
 * what it made is removed again.
 */
enum err MUST_CHECK vault_create(const struct vault_access *how, struct vault_fault *fault);
/* The recorded path of the key store, without opening anything. */
enum err MUST_CHECK vault_keys_path(
    const char *path, char out[static PATH_MAX], struct vault_fault *fault);
/* Opens vault and key store. Any number of processes may read at once, also while one writes. */
enum err MUST_CHECK vault_open(
    const struct vault_access *how, struct vault **out, struct vault_fault *fault);
/* The same, as the only one that may write. ERR_BUSY. Sweeps what a killed writer left. */
enum err MUST_CHECK vault_open_write(
    const struct vault_access *how, struct vault **out, struct vault_fault *fault);
void vault_free(struct vault *v); /* accepts NULL */

/* Gives the vault an id of its own, unless it has one. */
enum err MUST_CHECK vault_name(struct vault *v);
/* Writes the catalog's pending lines to the ledger, synced. */
enum err MUST_CHECK vault_commit(struct vault *v);

/* "<id>.age" */
void vault_item_name(char out[static VAULT_ITEM_NAME], const char *id);
/* Is it such a name? id gets the id. */
bool vault_item_parse(const char *name, size_t len, char id[static RANDOM_ID_LEN + 1]);
enum err MUST_CHECK vault_open_item(const struct vault *v, const char *id, int *fd);
/* All ids that have a file, ascending; *out is the caller's to free. */
enum err MUST_CHECK vault_list_items(
    const struct vault *v, char (**out)[RANDOM_ID_LEN + 1], size_t *n);

/* Every identity of the key store; borrowed. */
enum err MUST_CHECK vault_identities(struct vault *v, const struct identity_set **out);
/* Only those of one epoch number (of any inbox), to try first; borrowed until the next call. */
enum err MUST_CHECK vault_identities_of(
    struct vault *v, uint32_t epoch, const struct identity_set **out);

/*
 * schedule_verify under the pinned root key, or under one that had handed over to
 * it, for a schedule before that.
 */
enum err MUST_CHECK vault_verify(const struct vault *v, const struct buf *text,
    const struct buf *sig, struct schedule **out, struct schedule_fault *fault);
/* Keeps a schedule that vault_verify accepted, with its signature. */
enum err MUST_CHECK vault_schedule_put(
    struct vault *v, uint32_t serial, const struct buf *text, const struct buf *sig);
/*
 * The schedule of a serial, from the vault or from KEYS/publish, verified
 * again under the pinned root. ERR_NOTFOUND. Borrowed until the next call.
 */
enum err MUST_CHECK vault_schedule(struct vault *v, uint32_t serial, const struct schedule **out);

#endif
