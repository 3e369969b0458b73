#include "hkdf.h"

#include <sodium.h>
#include <string.h>

_Static_assert(HKDF_LEN == crypto_auth_hmacsha256_BYTES, "one block of output");

void
hkdf_sha256(uint8_t out[static HKDF_LEN], const void *ikm, size_t ikm_len, const void *salt,
    size_t salt_len, const char *info)
{
	static const uint8_t no_salt[HKDF_LEN];
	static const uint8_t block_number = 1;
	crypto_auth_hmacsha256_state st;
	uint8_t prk[HKDF_LEN];

	if (salt_len == 0) {
		salt = no_salt;
		salt_len = sizeof no_salt;
	}
	/* Extract: PRK = HMAC(salt, IKM). */
	crypto_auth_hmacsha256_init(&st, salt, salt_len);
	crypto_auth_hmacsha256_update(&st, ikm, ikm_len);
	crypto_auth_hmacsha256_final(&st, prk);
	/* Expand: T(1) = HMAC(PRK, info | 0x01). */
	crypto_auth_hmacsha256_init(&st, prk, sizeof prk);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)info, strlen(info));
	crypto_auth_hmacsha256_update(&st, &block_number, 1);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(prk, sizeof prk);
	sodium_memzero(&st, sizeof st);
}
