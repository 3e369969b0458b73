#include "fingerprint.h"

#include <string.h>

#include "base/hash.h"

#define LABEL "sealslot fingerprint 1"

void
fingerprint_words(char out[static FINGERPRINT_MAX + 1], const struct minisign_key *k)
{
	uint8_t digest[FINGERPRINT_WORDS * 8];
	const char *word;
	struct hash h;
	uint64_t n;
	size_t i, j;

	hash_init(&h, sizeof digest);
	hash_put(&h, LABEL, strlen(LABEL));
	hash_put(&h, k->pk, MINISIGN_PK);
	hash_finish(&h, digest);
	for (i = 0; i < FINGERPRINT_WORDS; i++) {
		for (n = 0, j = 8; j > 0; j--)
			n = n << 8 | digest[i * 8 + j - 1];
		word = words_get((uint32_t)(n % WORDS_COUNT));
		memcpy(out, word, strlen(word));
		out += strlen(word);
		*out++ = ' ';
	}
	out[-1] = '\0';
}
