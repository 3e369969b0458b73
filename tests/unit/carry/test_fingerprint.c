#include "harness.h"

#include "carry/fingerprint.h"

/* Computed apart from this code, with python's hashlib and the list's lines in order. */
static void
known_words(void **state)
{
	char words[FINGERPRINT_MAX + 1];
	uint8_t pk[MINISIGN_PK];
	struct minisign_key k;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof pk; i++)
		pk[i] = (uint8_t)i;
	minisign_key_init(&k, pk);
	fingerprint_words(words, &k);
	assert_string_equal(words, "earflap reset trusting legroom sensitive duo snugness idiocy");
	k.keyid[0] ^= 1; /* names the key, isn't the key */
	fingerprint_words(words, &k);
	assert_string_equal(words, "earflap reset trusting legroom sensitive duo snugness idiocy");
	k.pk[31] ^= 0x80;
	fingerprint_words(words, &k);
	assert_string_not_equal(
	    words, "earflap reset trusting legroom sensitive duo snugness idiocy");
}

/* Computed in the same way. */
static void
known_words_of_epochs(void **state)
{
	char words[FINGERPRINT_MAX + 1];
	uint8_t recipients[2][AGE_KEY];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof recipients; i++)
		recipients[i / AGE_KEY][i % AGE_KEY] = (uint8_t)i;
	fingerprint_epoch_words(words, (const uint8_t(*)[AGE_KEY])recipients, 1);
	assert_string_equal(
	    words, "freemason easing spousal ladder rocker aspirin dental deskwork");
	fingerprint_epoch_words(words, (const uint8_t(*)[AGE_KEY])recipients, 2);
	assert_string_equal(
	    words, "wistful overlabor wieldable sporty reverend twisty ruckus copilot");
}

static void
always_eight_words(void **state)
{
	char words[FINGERPRINT_MAX + 1];
	struct minisign_key k;
	unsigned i, spaces;
	const char *p;

	(void)state;
	for (i = 0; i < 1000; i++) {
		memset(&k, 0, sizeof k);
		memcpy(k.pk, &i, sizeof i);
		memset(words, 0x55, sizeof words);
		fingerprint_words(words, &k);
		assert_non_null(memchr(words, '\0', sizeof words));
		for (spaces = 0, p = words; *p != '\0'; p++)
			spaces += *p == ' ';
		assert_int_equal(spaces, FINGERPRINT_WORDS - 1);
		assert_true(p[-1] != ' ');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_words),
	    cmocka_unit_test(known_words_of_epochs),
	    cmocka_unit_test(always_eight_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
