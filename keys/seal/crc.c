#include "seal/crc.h"

#include <libdeflate.h>
#include <zlib.h>

/* libdeflate's is three times as fast as zlib's, and can't combine. */
uint32_t
crc_add(uint32_t crc, const void *p, size_t n)
{
	return libdeflate_crc32(crc, p, n);
}

uint32_t
crc_join(uint32_t crc, uint32_t next, size_t n)
{
	return (uint32_t)crc32_combine(crc, next, (z_off_t)n);
}

uint32_t
crc_of_zeros(uint64_t n)
{
	static const uint8_t zero;
	uLong crc = CRC_NONE;
	uLong run = crc_add(CRC_NONE, &zero, 1); /* of run_len zeros */
	z_off_t run_len = 1;

	for (; n > 0; n >>= 1) {
		if (n & 1)
			crc = crc32_combine(crc, run, run_len);
		run = crc32_combine(run, run, run_len);
		run_len *= 2;
	}
	return (uint32_t)crc;
}
