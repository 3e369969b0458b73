#ifndef SEALSLOT_SIGN_SIGN_H
#define SEALSLOT_SIGN_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/minisign.h"

/*
 * Ed25519 in minisign's prehashed form: the only code that signs. A room of
 * its own, because the store signs its bundles and must not link the rest of
 * the secret-key code.
 */
#define SIGN_SEED 32

/*
 * The secret of a signing key: the Ed25519 seed. Where it is kept is the
 * caller's matter: guarded memory in the offline tools, a 0600 file for the
 * server's transfer key.
 */
struct sign_key {
	struct minisign_key public;
	uint8_t seed[SIGN_SEED];
};

void sign_key_new(struct sign_key *k);
/* Rebuilds the key pair from its seed. */
void sign_key_from_seed(struct sign_key *k, const uint8_t seed[static SIGN_SEED]);
void sign_key_wipe(struct sign_key *k);
/*
 * Appends the .minisig text over the message to out. comment is the trusted
 * comment: printable ASCII (else ERR_USAGE), at most MINISIGN_COMMENT_MAX bytes (else ERR_LIMIT).
 */
enum err MUST_CHECK sign_message(
    const struct sign_key *k, const void *msg, size_t n, const char *comment, struct buf *out);

#endif
