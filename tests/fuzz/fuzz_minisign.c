#include <string.h>

#include "carry/minisign.h"
#include "fuzz.h"

/* Any text as a public key file and as a signature: parsed or refused, and never valid. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char line[MINISIGN_KEY_LEN + 1];
	struct minisign_key k, again;
	struct minisign_sig s;

	if (minisign_key_parse_file(&k, p, n) == ERR_OK) {
		minisign_key_format(line, &k);
		FUZZ_CHECK(memmem(p, n, line, MINISIGN_KEY_LEN) != NULL);
		FUZZ_CHECK(minisign_key_parse(&again, line, MINISIGN_KEY_LEN) == ERR_OK);
		FUZZ_CHECK(memcmp(&k, &again, sizeof k) == 0);
	}
	if (minisign_sig_parse(&s, p, n) == ERR_OK) {
		FUZZ_CHECK(strlen(s.comment) <= MINISIGN_COMMENT_MAX);
		memset(&k, 0, sizeof k);
		memcpy(k.keyid, s.keyid, sizeof k.keyid);
		FUZZ_CHECK(minisign_verify(&k, &s, p, n, NULL) == ERR_AUTH);
	}
	return 0;
}
