/* libsodium's AEAD alone, as the server uses it: CPU seconds per GB, sealed in chunks of 64 KiB. */
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "seal/age_seal.h"

#define CHUNKS 16384 /* 1 GiB */

int
main(void)
{
	static uint8_t chunk[AGE_SEALED_CHUNK];
	struct age_payload key = {{1}};
	struct timespec t = {0};
	uint64_t i;

	if (sodium_init() < 0)
		return 1;
	for (i = 0; i < CHUNKS; i++)
		age_chunk_seal(&key, i, false, chunk, chunk, AGE_CHUNK);
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
		return 1;
	printf("%.4f\n", ((double)t.tv_sec + (double)t.tv_nsec / 1e9) / (CHUNKS * 65536 / 1e9));
	return 0;
}
