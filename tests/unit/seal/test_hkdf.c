#include "harness.h"

#include "base/text.h"
#include "seal/hkdf.h"

/* RFC 5869 appendix A; the first block of the published output. SHA-1 cases don't apply. */
static void
check(const char *ikm_hex, const char *salt_hex, const char *info, const char *okm_hex)
{
	uint8_t ikm[128], salt[128], out[HKDF_LEN], want[HKDF_LEN];
	size_t ikm_len = strlen(ikm_hex) / 2, salt_len = strlen(salt_hex) / 2;

	assert_ok(text_unhex(ikm, ikm_len, ikm_hex, strlen(ikm_hex)));
	assert_ok(text_unhex(salt, salt_len, salt_hex, strlen(salt_hex)));
	assert_ok(text_unhex(want, sizeof want, okm_hex, 2 * sizeof want));
	hkdf_sha256(out, ikm, ikm_len, salt, salt_len, info);
	assert_memory_equal(out, want, sizeof out);
}

static void
rfc5869(void **state)
{
	char info[81] = {0};
	size_t i;

	(void)state;
	check("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
	    "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9",
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	for (i = 0; i < 80; i++)
		info[i] = (char)(0xb0 + i);
	check("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
	      "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
	    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
	    "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	    info, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
	check("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/* An empty salt is 32 zero bytes, whatever the pointer says. */
static void
empty_salt_is_zeros(void **state)
{
	static const uint8_t zeros[HKDF_LEN];
	uint8_t a[HKDF_LEN], b[HKDF_LEN];

	(void)state;
	hkdf_sha256(a, "key", 3, NULL, 0, "info");
	hkdf_sha256(b, "key", 3, zeros, sizeof zeros, "info");
	assert_memory_equal(a, b, sizeof a);
}

static void
each_input_matters(void **state)
{
	static const char *const in[][3] = {{"key", "salt", "info"}, {"kez", "salt", "info"},
	    {"key", "salu", "info"}, {"key", "salt", "infp"}, {"key", "salt", ""},
	    {"", "salt", "info"}, {"key", "sal", "tinfo"}, {"key", "", "info"}};
	uint8_t out[sizeof in / sizeof *in][HKDF_LEN];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof in / sizeof *in; i++) {
		hkdf_sha256(
		    out[i], in[i][0], strlen(in[i][0]), in[i][1], strlen(in[i][1]), in[i][2]);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(out[i], out[j], HKDF_LEN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc5869),
	    cmocka_unit_test(empty_salt_is_zeros),
	    cmocka_unit_test(each_input_matters),
	};

	return cmocka_run_group_tests_name("hkdf", tests, NULL, NULL);
}
