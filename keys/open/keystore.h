#ifndef SEALSLOT_OPEN_KEYSTORE_H
#define SEALSLOT_OPEN_KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "open/identity.h"
#include "open/secret.h"
#include "sign/sign.h"

/*
 * The key store of a desk, KEYS (keys/FORMATS.md section 4): a folder of mode
 * 0700 with files of mode 0600, all of the caller's own.
 *
 *   unlock.age              an X25519 identity under the passphrase (scrypt, 2^18)
 *   root.age, root.pub      Ed25519 root key (not in a reviewer's copy)
 *   reply.age               Ed25519 reply key of this desk
 *   epochs/<inbox>-<n>.age  epoch identities; <n>.1 replaced <n> after a revocation
 *   instance                the onion address
 *   publish/                all schedules and signatures, keys.txt is the newest
 *   log                     what was done on which day: backups, copies, retired epochs; no secret
 *
 * All .age files but unlock.age are sealed to unlock's recipient, so one
 * passphrase and one scrypt per command open everything, stock age too.
 *
 * A process that is killed, at any moment, leaves each file as it was or as it
 * shall be. What it may leave beside them (temporary names) is ignored, and
 * removed by the next one that opens the store while nobody writes.
 */
struct keystore;

#define KEYSTORE_LOG2N   18 /* scrypt's work factor of unlock.age */
#define KEYSTORE_UNLOCK  "unlock.age"
#define KEYSTORE_EPOCHS  "epochs"
#define KEYSTORE_PUBLISH "publish"

/*
 * Makes the folder (must not exist, or be empty but for what a killed
 * keystore_create left) with unlock.age in it, which comes last: without it
 * there is no key store. ERR_EXISTS; ERR_MODE if the folder isn't ours,
 * or its file system can't close it to others, as FAT; ERR_BUSY.
 */
enum err MUST_CHECK keystore_create(const char *path, const struct secret_text *pass);
/* The same with another work factor: for tests, which can't wait. */
enum err MUST_CHECK keystore_create_cost(
    const char *path, const struct secret_text *pass, unsigned log2n);
/*
 * Opens the folder and unlock.age. ERR_PASSPHRASE, ERR_NOTFOUND, ERR_MODE (folder or key
 * file not ours, or open to others), or as age_open_small. *out is the caller's.
 */
enum err MUST_CHECK keystore_open(
    const char *path, const struct secret_text *pass, struct keystore **out);
/* The folder without any secret: for show and for publish/. keystore_get and _put then return
 * ERR_STATE. */
enum err MUST_CHECK keystore_open_public(const char *path, struct keystore **out);
void keystore_free(struct keystore *k); /* accepts NULL */

/*
 * Keeps every other process from writing until keystore_free: for a verb of
 * several steps, and for whoever writes public files below keystore_dir.
 * keystore_put locks by itself, and waits. ERR_BUSY if another process has the lock.
 */
enum err MUST_CHECK keystore_lock(struct keystore *k);
/* Name of the file that the last call was about, for the message when it failed. Borrowed. */
const char *keystore_fault(const struct keystore *k);

/* The folder's descriptor, borrowed, for its public files (with io.h). */
int keystore_dir(const struct keystore *k);
/* unlock's identity: what vault and keys are sealed to. Borrowed; NULL without the passphrase. */
const struct identity *keystore_unlock(const struct keystore *k);

/*
 * Opens the file name ("root.age", "epochs/tips-31.age") into a fresh *out, which the caller wipes.
 * ERR_NOTFOUND, ERR_MODE, ERR_USAGE (no such name can be), or as age_open_small.
 */
enum err MUST_CHECK keystore_get(struct keystore *k, const char *name, struct secret_text *out);
/* Seals a text of at most LIMIT_KEY_FILE bytes to unlock and writes it as a new file, synced.
 * ERR_EXISTS. */
enum err MUST_CHECK keystore_put(
    struct keystore *k, const char *name, const void *text, size_t len);

/* A key of an epoch. A revoked key stays, to open what was sealed to it; its replacement is another
 * file, "epochs/tips-31.1.age". */
struct keystore_epoch {
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t number;
	uint32_t replacement; /* 0: the first key, 1: what replaced it, and so on */
};
/* Which key a file of the epochs folder is, "tips-31.1.age"; false if it is none. */
bool keystore_parse_name(const char *name, struct keystore_epoch *out);
/* Its X25519 identity. Errors as keystore_get and keystore_put. */
enum err MUST_CHECK keystore_get_key(
    struct keystore *k, const struct keystore_epoch *epoch, struct identity **out);
enum err MUST_CHECK keystore_put_key(
    struct keystore *k, const struct keystore_epoch *epoch, const struct identity *id, int32_t day);
/* The same for the first key of an epoch. */
enum err MUST_CHECK keystore_get_epoch(
    struct keystore *k, const char *inbox, uint32_t number, struct identity **out);
enum err MUST_CHECK keystore_put_epoch(
    struct keystore *k, const char *inbox, uint32_t number, const struct identity *id, int32_t day);
/* All epoch identities that the store has, replaced ones too, as one set (tag = epoch number),
 * newest first. Files that a retire which was cut off has overwritten are skipped, if there is
 * another key; one that is damaged otherwise is an error. */
enum err MUST_CHECK keystore_all_epochs(struct keystore *k, struct identity_set *out);
/* Only those of one epoch number, of any inbox: the others aren't opened. */
enum err MUST_CHECK keystore_epochs_of(
    struct keystore *k, uint32_t number, struct identity_set *out);
/* Which epoch keys the store has, by inbox, number, replacement; nothing is opened. *out is for
 * free(). */
enum err MUST_CHECK keystore_list_epochs(
    const struct keystore *k, struct keystore_epoch **out, size_t *n);

/* Overwrites and removes a key, for ever. ERR_NOTFOUND, ERR_MODE. The caller holds the lock. */
enum err MUST_CHECK keystore_destroy_key(struct keystore *k, const struct keystore_epoch *epoch);
/* Takes back a key that nothing was ever sealed to: removed in one step, so that a process which is
 * killed leaves no half of it. ERR_NOTFOUND, ERR_MODE, ERR_SYS. The caller holds the lock. */
enum err MUST_CHECK keystore_remove_key(struct keystore *k, const struct keystore_epoch *epoch);

/* Signing keys, "root.age" and "reply.age": one line, base64 of the seed without '='. */
enum err MUST_CHECK keystore_get_sign(struct keystore *k, const char *name, struct sign_key *out);
/* What reading a file gives whose destruction was cut off between its noise and its end. */
bool keystore_is_noise(enum err e);
enum err MUST_CHECK keystore_put_sign(
    struct keystore *k, const char *name, const struct sign_key *key);

#endif
