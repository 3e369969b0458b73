#ifndef SEALSLOT_SEAL_BECH32_H
#define SEALSLOT_SEAL_BECH32_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/age.h"

/*
 * Bech32 (BIP 173, not Bech32m, no 90-character limit) for 32-byte keys, as
 * age uses it. Constant space; the caller wipes what was secret.
 */

/* "age1..." with a NUL. */
void bech32_recipient(char out[static AGE_RECIPIENT_LEN + 1], const uint8_t pk[static AGE_KEY]);
/* Exactly one recipient, lower case or all upper case. ERR_FORMAT for anything else ("age1pq1..."
 * too). */
enum err MUST_CHECK bech32_parse_recipient(uint8_t pk[static AGE_KEY], const char *s, size_t len);
/* "AGE-SECRET-KEY-1..." with a NUL. The result is a secret. */
void bech32_identity(char out[static AGE_IDENTITY_LEN + 1], const uint8_t sk[static AGE_KEY]);
enum err MUST_CHECK bech32_parse_identity(uint8_t sk[static AGE_KEY], const char *s, size_t len);

#endif
