#ifndef SEALSLOT_OPEN_AGE_SCRYPT_H
#define SEALSLOT_OPEN_AGE_SCRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "open/age_header.h"
#include "open/secret.h"
#include "seal/age.h"

/*
 * age's passphrase recipient: one scrypt stanza, alone in its header
 * (keys/FORMATS.md section 1).
 */
#define AGE_SCRYPT_TYPE "scrypt"

/*
 * The file key that the header's only stanza wraps under the passphrase.
 * ERR_FORMAT for a malformed stanza, ERR_LIMIT for a work factor above
 * 2^LIMIT_AGE_SCRYPT_LOG2N, ERR_PASSPHRASE, ERR_NOMEM.
 */
enum err MUST_CHECK age_scrypt_unwrap(const struct age_header *h, const struct secret_text *pass,
    uint8_t file_key[static AGE_FILE_KEY]);

/*
 * Appends version line and stanza to out: a fresh salt, work factor 2^log2n (1 to
 * LIMIT_AGE_SCRYPT_LOG2N, else ERR_USAGE).
 */
enum err MUST_CHECK age_scrypt_wrap(const struct secret_text *pass, unsigned log2n,
    const uint8_t file_key[static AGE_FILE_KEY], struct buf *out);

#endif
