#ifndef SEALSLOT_BASE_RANDOM_H
#define SEALSLOT_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_ID_LEN 32 /* hex digits of a 128-bit id, without the NUL */

/* Starts libsodium; call once, before threads and before a sandbox. */
int random_start(void);
void random_bytes(void *p, size_t n);
/* Uniform in [0, bound). */
uint32_t random_below(uint32_t bound);
/* A random 128-bit id as lower-case hex with a NUL. */
void random_id(char out[static RANDOM_ID_LEN + 1]);

#endif
