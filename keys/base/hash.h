#ifndef SEALSLOT_BASE_HASH_H
#define SEALSLOT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_LEN     32 /* BLAKE2b-256 */
#define HASH_HEX_LEN 64 /* its hex digits, without the NUL */

/* A running BLAKE2b; opaque, aligned for libsodium. */
struct hash {
	_Alignas(64) uint8_t state[384];
	size_t out_len;
};

/* BLAKE2b of out_len bytes, 8 to 64, unkeyed. */
void hash_init(struct hash *h, size_t out_len);
void hash_put(struct hash *h, const void *p, size_t n);
/* Writes out_len bytes and wipes the state. */
void hash_finish(struct hash *h, uint8_t *out);
/* BLAKE2b-256 of one buffer. */
void hash_256(uint8_t out[static HASH_LEN], const void *p, size_t n);

#endif
