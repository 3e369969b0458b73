#ifndef SEALSLOT_SEAL_HKDF_H
#define SEALSLOT_SEAL_HKDF_H

#include <stddef.h>
#include <stdint.h>

#define HKDF_LEN 32

/*
 * HKDF-SHA-256 (RFC 5869) with one block of output, composed from libsodium's
 * HMAC; an empty salt means 32 zero bytes. Intermediate values are wiped.
 */
void hkdf_sha256(uint8_t out[static HKDF_LEN], const void *ikm, size_t ikm_len, const void *salt,
    size_t salt_len, const char *info);

#endif
