#ifndef SEALSLOT_BASE_SHA256_H
#define SEALSLOT_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32

/* A running SHA-256, for what people compare with sha256sum; opaque. */
struct sha256 {
	_Alignas(16) uint8_t state[128];
};

void sha256_init(struct sha256 *h);
void sha256_put(struct sha256 *h, const void *p, size_t n);
/* Writes the hash and wipes the state. */
void sha256_finish(struct sha256 *h, uint8_t out[static SHA256_LEN]);

#endif
