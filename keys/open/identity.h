#ifndef SEALSLOT_OPEN_IDENTITY_H
#define SEALSLOT_OPEN_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "open/secret.h"
#include "seal/age.h"

/* X25519 identities (age's term for a secret key) in guarded memory. */

struct identity {
	uint8_t sk[AGE_KEY];
	uint8_t pk[AGE_KEY]; /* the recipient */
	uint32_t tag;        /* the caller's: an epoch number, say */
};

/* A set of identities; all of them are tried. */
struct identity_set {
	struct identity *p; /* owned, guarded */
	size_t n;
};

/* Fresh random key pair into guarded memory that the caller frees with secret_free. */
enum err MUST_CHECK identity_new(struct identity **out);
/* From "AGE-SECRET-KEY-1...", exactly one; comment lines (#) and blank lines around it are skipped.
 * *out as above. */
enum err MUST_CHECK identity_parse(struct identity **out, const char *s, size_t len);
/* "# created: <day>\n# public key: age1...\nAGE-SECRET-KEY-1...\n", as age-keygen writes it, but
 * for the finer time; into a fresh *out that the caller wipes. */
enum err MUST_CHECK identity_format(
    const struct identity *id, int32_t day, struct secret_text *out);

/* Copies one identity into the set. */
enum err MUST_CHECK identity_set_add(struct identity_set *s, const struct identity *id);
/* The identity for a recipient; NULL if there is none. Borrowed. */
const struct identity *identity_set_find(
    const struct identity_set *s, const uint8_t pk[static AGE_KEY]);
void identity_set_wipe(struct identity_set *s);

/*
 * Seals a small text (at most LIMIT_KEY_FILE) as an age file: to recipients, or under a
 * passphrase (scrypt stanza, work factor 2^log2n, at most LIMIT_AGE_SCRYPT_LOG2N). Appends to out;
 * a failed call leaves it as it was. ERR_LIMIT, ERR_USAGE, ERR_CRYPTO (weak recipient), ERR_NOMEM.
 */
enum err MUST_CHECK identity_seal(
    const uint8_t (*recipients)[AGE_KEY], size_t n, const void *text, size_t len, struct buf *out);
enum err MUST_CHECK identity_seal_passphrase(
    const struct secret_text *pass, unsigned log2n, const void *text, size_t len, struct buf *out);

#endif
