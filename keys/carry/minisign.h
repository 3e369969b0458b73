#ifndef SEALSLOT_CARRY_MINISIGN_H
#define SEALSLOT_CARRY_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

/*
 * minisign public keys and prehashed signatures (keys/FORMATS.md section 4):
 * parsing, printing, verifying. Signing is in sign/sign.h.
 */
#define MINISIGN_KEYID       8
#define MINISIGN_PK          32
#define MINISIGN_SIG         64
#define MINISIGN_HASH        64  /* bytes of the BLAKE2b-512 that is signed */
#define MINISIGN_KEY_LEN     56  /* base64 of "Ed" | keyid | pk, without the NUL */
#define MINISIGN_COMMENT_MAX 256 /* bytes of a trusted comment */

struct minisign_key {
	uint8_t keyid[MINISIGN_KEYID];
	uint8_t pk[MINISIGN_PK];
};

struct minisign_sig {
	uint8_t keyid[MINISIGN_KEYID];
	uint8_t sig[MINISIGN_SIG];
	uint8_t global[MINISIGN_SIG];
	char comment[MINISIGN_COMMENT_MAX + 1]; /* trusted comment */
};

/* A key of ours: keyid = BLAKE2b-64 of pk. */
void minisign_key_init(struct minisign_key *k, const uint8_t pk[static MINISIGN_PK]);
/* The one line "RWQ..." with a NUL. */
void minisign_key_format(char out[static MINISIGN_KEY_LEN + 1], const struct minisign_key *k);
/* Is the keyid the one that minisign_key_init gives? minisign -G draws a random one instead. */
bool minisign_key_is_ours(const struct minisign_key *k);
/* That line, exactly MINISIGN_KEY_LEN characters; any keyid. */
enum err MUST_CHECK minisign_key_parse(struct minisign_key *k, const char *s, size_t len);
/* A public key file as minisign writes it: an untrusted comment line, then the key line. At most
 * LIMIT_SIGNATURE bytes. */
enum err MUST_CHECK minisign_key_parse_file(struct minisign_key *k, const void *p, size_t n);
/* A .minisig file: four lines, prehashed ("ED") only, as minisign -S -H writes it. The first line
 * is a comment that no signature covers; it is thrown away. */
enum err MUST_CHECK minisign_sig_parse(struct minisign_sig *s, const void *p, size_t n);
/*
 * Verifies s over the message and its trusted comment. ERR_NOMATCH if s was
 * made by another key, ERR_AUTH if either signature is wrong or the trusted
 * comment isn't exactly expect (NULL: any).
 */
enum err MUST_CHECK minisign_verify(const struct minisign_key *k, const struct minisign_sig *s,
    const void *msg, size_t n, const char *expect);
/* The same over the BLAKE2b-512 of a message that was hashed as a stream. */
enum err MUST_CHECK minisign_verify_hash(const struct minisign_key *k, const struct minisign_sig *s,
    const uint8_t hash[static MINISIGN_HASH], const char *expect);

#endif
