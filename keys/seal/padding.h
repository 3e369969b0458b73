#ifndef SEALSLOT_SEAL_PADDING_H
#define SEALSLOT_SEAL_PADDING_H

#include <stdint.h>

/* Size buckets (keys/FORMATS.md section 3). Sizes are in bytes. */

#define PADDING_MIN (1ULL << 18)

/* The bucket of a length: the smallest permitted size >= len. len <= 2^62. */
uint64_t padding_bucket(uint64_t len);

#endif
