#include "harness.h"

#include "front/form_token.h"

static void
test_fits_its_key_only(void **state)
{
	const uint8_t key[FORM_TOKEN_KEY] = {1}, other[FORM_TOKEN_KEY] = {2};
	char a[FORM_TOKEN_LEN + 1], b[FORM_TOKEN_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		form_token_make(a, key);
		form_token_make(b, key);
		assert_int_equal(strlen(a), FORM_TOKEN_LEN);
		assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-_"),
		    FORM_TOKEN_LEN);
		assert_string_not_equal(a, b);
		assert_true(form_token_fits(a, key));
		assert_true(form_token_fits(b, key));
		assert_false(form_token_fits(a, other));
		form_token_random(b);
		assert_int_equal(strlen(b), FORM_TOKEN_LEN);
		assert_false(form_token_fits(b, key));
	}
}

static void
test_every_bit_counts(void **state)
{
	const uint8_t key[FORM_TOKEN_KEY] = {1};
	char good[FORM_TOKEN_LEN + 1], bad[FORM_TOKEN_LEN + 2];
	size_t i;
	int bit;

	(void)state;
	form_token_make(good, key);
	for (i = 0; i < FORM_TOKEN_LEN; i++)
		for (bit = 0; bit < 8; bit++) {
			strcpy(bad, good);
			bad[i] = (char)(bad[i] ^ 1 << bit);
			assert_false(form_token_fits(bad, key));
		}
	for (i = 0; i < FORM_TOKEN_LEN; i++) {
		strcpy(bad, good);
		bad[i] = '\0';
		assert_false(form_token_fits(bad, key));
	}
	snprintf(bad, sizeof bad, "%sA", good);
	assert_false(form_token_fits(bad, key));
	/* The other alphabet of base64. */
	do
		form_token_make(good, key);
	while (strchr(good, '-') == NULL);
	*strchr(good, '-') = '+';
	assert_false(form_token_fits(good, key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fits_its_key_only),
	    cmocka_unit_test(test_every_bit_counts),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
