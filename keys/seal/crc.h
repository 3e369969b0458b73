#ifndef SEALSLOT_SEAL_CRC_H
#define SEALSLOT_SEAL_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of ZIP archives (keys/FORMATS.md section 2): it finds accidents, it authenticates
 * nothing. */

#define CRC_NONE 0U /* of no byte at all: to begin with */

/* Goes on from crc with n bytes. */
uint32_t crc_add(uint32_t crc, const void *p, size_t n);
/* Of two runs of bytes, one behind the other: of the first crc, of the second, n bytes, next. */
uint32_t crc_join(uint32_t crc, uint32_t next, size_t n);
/* Of n zero bytes, by doubling: nothing of that length is read. */
uint32_t crc_of_zeros(uint64_t n);

#endif
