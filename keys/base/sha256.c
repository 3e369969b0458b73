#include "sha256.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= 128, "struct sha256 is too small");
_Static_assert(crypto_hash_sha256_BYTES == SHA256_LEN, "another hash");

static crypto_hash_sha256_state *
state_of(struct sha256 *h)
{
	return (crypto_hash_sha256_state *)(void *)h->state;
}

void
sha256_init(struct sha256 *h)
{
	crypto_hash_sha256_init(state_of(h));
}

void
sha256_put(struct sha256 *h, const void *p, size_t n)
{
	crypto_hash_sha256_update(state_of(h), p, n);
}

void
sha256_finish(struct sha256 *h, uint8_t out[static SHA256_LEN])
{
	crypto_hash_sha256_final(state_of(h), out);
	explicit_bzero(h, sizeof *h);
}
