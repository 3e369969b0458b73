#ifndef SEALSLOT_OPEN_KEYSTORE_H
#define SEALSLOT_OPEN_KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "open/identity.h"
#include "open/secret.h"
#include "sign/sign.h"

/*
 * The key store of a desk, KEYS (keys/FORMATS.md section 4): a folder of mode
 * 0700 with files of mode 0600.
 *
 *   unlock.age              an X25519 identity under the passphrase (scrypt, 2^18)
 *   root.age, root.pub      Ed25519 root key (not in a reviewer's copy)
 *   reply.age               Ed25519 reply key of this desk
 *   epochs/<inbox>-<n>.age  epoch identities
 *   instance                the onion address
 *   publish/                all schedules and signatures, keys.txt is the newest
 *   log                     what was done on which day: backups, copies, retired epochs; no secret
 *
 * All .age files but unlock.age are sealed to unlock's recipient, so one
 * passphrase and one scrypt per command open everything, stock age too.
 */
struct keystore;

/* Makes the folder (must not exist, or be empty) with unlock.age in it. */
enum err MUST_CHECK keystore_create(const char *path, const struct secret_text *pass);
/*
 * Opens the folder and unlock.age. ERR_PASSPHRASE, ERR_NOTFOUND, ERR_MODE (folder or key
 * file readable by others). *out is the caller's.
 */
enum err MUST_CHECK keystore_open(
    const char *path, const struct secret_text *pass, struct keystore **out);
/* The folder without any secret: for show and for publish/. keystore_get and _put then return
 * ERR_STATE. */
enum err MUST_CHECK keystore_open_public(const char *path, struct keystore **out);
void keystore_free(struct keystore *k); /* accepts NULL */

/* The folder's descriptor, borrowed, for its public files (with io.h). */
int keystore_dir(const struct keystore *k);
/* unlock's identity: what vault and keys are sealed to. Borrowed. */
const struct identity *keystore_unlock(const struct keystore *k);

/* Opens the file name ("root.age", "epochs/tips-31.age"). ERR_NOTFOUND, ERR_MODE, or as
 * age_open_small. */
enum err MUST_CHECK keystore_get(struct keystore *k, const char *name, struct secret_text *out);
/* Seals a text to unlock and writes it as a new file, synced. ERR_EXISTS. */
enum err MUST_CHECK keystore_put(
    struct keystore *k, const char *name, const void *text, size_t len);

/* An X25519 identity of an epoch. */
enum err MUST_CHECK keystore_get_epoch(
    struct keystore *k, const char *inbox, uint32_t number, struct identity **out);
enum err MUST_CHECK keystore_put_epoch(
    struct keystore *k, const char *inbox, uint32_t number, const struct identity *id, int32_t day);
/* All epoch identities that the store has, as one set (tag = epoch number). */
enum err MUST_CHECK keystore_all_epochs(struct keystore *k, struct identity_set *out);

/* Signing keys, "root.age" and "reply.age": one line, base64 of the seed, as in FORMATS.md. */
enum err MUST_CHECK keystore_get_sign(struct keystore *k, const char *name, struct sign_key *out);
enum err MUST_CHECK keystore_put_sign(
    struct keystore *k, const char *name, const struct sign_key *key);

#endif
