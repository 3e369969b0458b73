#include "hash.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_generichash_state) <= 384, "struct hash is too small");

static crypto_generichash_state *
state_of(struct hash *h)
{
	return (crypto_generichash_state *)(void *)h->state;
}

void
hash_init(struct hash *h, size_t out_len)
{
	h->out_len = out_len;
	crypto_generichash_init(state_of(h), NULL, 0, out_len);
}

void
hash_put(struct hash *h, const void *p, size_t n)
{
	crypto_generichash_update(state_of(h), p, n);
}

void
hash_finish(struct hash *h, uint8_t *out)
{
	crypto_generichash_final(state_of(h), out, h->out_len);
	explicit_bzero(h, sizeof *h);
}

void
hash_256(uint8_t out[static HASH_LEN], const void *p, size_t n)
{
	crypto_generichash(out, HASH_LEN, p, n, NULL, 0);
}
