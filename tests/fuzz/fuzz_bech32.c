#include <ctype.h>
#include <string.h>

#include "fuzz.h"
#include "seal/bech32.h"

/* What is accepted is exactly what the encoder writes for that key, but for its case. */
static void
check_same(const char *again, const uint8_t *p, size_t n)
{
	size_t i;

	FUZZ_CHECK(strlen(again) == n);
	for (i = 0; i < n; i++)
		FUZZ_CHECK(tolower((unsigned char)again[i]) == tolower(p[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char again[AGE_IDENTITY_LEN + 1];
	uint8_t key[AGE_KEY];

	if (bech32_parse_recipient(key, (const char *)p, n) == ERR_OK) {
		bech32_recipient(again, key);
		check_same(again, p, n);
	}
	if (bech32_parse_identity(key, (const char *)p, n) == ERR_OK) {
		bech32_identity(again, key);
		check_same(again, p, n);
	}
	return 0;
}
