#include "fingerprint.h"

#include <string.h>

#include "base/hash.h"

/* Finishes h. */
static void
words_of(char out[static FINGERPRINT_MAX + 1], struct hash *h)
{
	uint8_t digest[FINGERPRINT_WORDS * 8];
	const char *word;
	uint64_t n;
	size_t i, j;

	hash_finish(h, digest);
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

static void
begin(struct hash *h, const char *label)
{
	hash_init(h, FINGERPRINT_WORDS * 8);
	hash_put(h, label, strlen(label));
}

void
fingerprint_words(char out[static FINGERPRINT_MAX + 1], const struct minisign_key *k)
{
	struct hash h;

	begin(&h, "sealslot fingerprint 1");
	hash_put(&h, k->pk, MINISIGN_PK);
	words_of(out, &h);
}

void
fingerprint_epoch_words(
    char out[static FINGERPRINT_MAX + 1], const uint8_t (*recipients)[AGE_KEY], size_t n)
{
	struct hash h;

	begin(&h, "sealslot epoch 1");
	hash_put(&h, recipients, n * AGE_KEY);
	words_of(out, &h);
}
