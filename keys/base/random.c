#include "random.h"

#include <sodium.h>

int
random_start(void)
{
	return sodium_init() < 0 ? -1 : 0;
}

void
random_bytes(void *p, size_t n)
{
	randombytes_buf(p, n);
}

uint32_t
random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

void
random_id(char out[static RANDOM_ID_LEN + 1])
{
	uint8_t raw[RANDOM_ID_LEN / 2];

	random_bytes(raw, sizeof raw);
	sodium_bin2hex(out, RANDOM_ID_LEN + 1, raw, sizeof raw);
}
