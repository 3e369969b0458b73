#include "harness.h"

/* The checksum is shown on BIP 173's own strings, so the test needs its inside. */
#include "seal/bech32.c"

#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
#define IDENTITY  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define BECH32    1
#define BECH32M   0x2bc830a3

/* What a foreign encoder would write: any HRP, values and checksum constant. */
static size_t
foreign(char *out, const char *hrp, const uint8_t *values, size_t n, uint32_t constant)
{
	uint8_t all[128] = {0};
	uint32_t sum;
	size_t i;

	memcpy(all, values, n);
	sum = polymod(hrp, all, n + CHECKSUM) ^ constant;
	for (i = 0; i < CHECKSUM; i++)
		all[n + i] = sum >> 5 * (5 - i) & 31;
	strcpy(out, hrp);
	strcat(out, "1");
	for (i = 0; i < n + CHECKSUM; i++)
		strncat(out, charset + all[i], 1);
	return strlen(out);
}

/* BIP 173's test vectors: is the checksum right? Length and case are their own tests. */
static bool
has_checksum(const char *s)
{
	const char *one = strrchr(s, '1');
	char hrp[128] = {0};
	uint8_t values[128];
	size_t i, n;

	if (one == NULL || one == s || strlen(one + 1) < CHECKSUM)
		return false;
	for (i = 0; s + i < one; i++)
		hrp[i] = to_lower(s[i]);
	for (n = 0, one++; *one != '\0'; one++)
		if ((values[n++] = value_of(to_lower(*one))) == 0xff)
			return false;
	return polymod(hrp, values, n) == 1;
}

static void
bip173_vectors(void **state)
{
	static const char *const good[] = {"A12UEL5L", "a12uel5l",
	    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5"
	    "tgs",
	    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
	    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8"
	    "247j",
	    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl"};
	/* from BIP 173, and BIP 350's valid Bech32m strings */
	static const char *const bad[] = {"pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3",
	    "A1G7SGD8", "10a06t8", "1qzzfhee", "A1LQFN3A", "a1lqfn3a",
	    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
	    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(has_checksum(good[i]));
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(has_checksum(bad[i]));
}

/* The key pair of age's own test suite. */
static void
known_keys(void **state)
{
	char text[AGE_IDENTITY_LEN + 1];
	uint8_t sk[AGE_KEY], pk[AGE_KEY], want[AGE_KEY];

	(void)state;
	memset(want, 0x42, sizeof want);
	assert_ok(bech32_parse_identity(sk, IDENTITY, AGE_IDENTITY_LEN));
	assert_memory_equal(sk, want, sizeof want);
	bech32_identity(text, sk);
	assert_string_equal(text, IDENTITY);
	assert_ok(bech32_parse_recipient(pk, RECIPIENT, AGE_RECIPIENT_LEN));
	bech32_recipient(text, pk);
	assert_string_equal(text, RECIPIENT);
}

static void
every_key_comes_back(void **state)
{
	char text[AGE_IDENTITY_LEN + 1];
	uint8_t key[AGE_KEY], back[AGE_KEY];
	uint32_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		harness_fill(key, sizeof key, i);
		if (i < 256) /* one bit each */
			memset(key, 0, sizeof key), key[i / 8] = (uint8_t)(1 << i % 8);
		bech32_recipient(text, key);
		assert_int_equal(strlen(text), AGE_RECIPIENT_LEN);
		assert_ok(bech32_parse_recipient(back, text, AGE_RECIPIENT_LEN));
		assert_memory_equal(back, key, sizeof key);
		bech32_identity(text, key);
		assert_int_equal(strlen(text), AGE_IDENTITY_LEN);
		assert_ok(bech32_parse_identity(back, text, AGE_IDENTITY_LEN));
		assert_memory_equal(back, key, sizeof key);
	}
}

/* Refused, and the output is as it was. */
static void
refused(const char *s, size_t len)
{
	uint8_t key[AGE_KEY], before[AGE_KEY];

	memset(before, 0xa5, sizeof before);
	memcpy(key, before, sizeof key);
	assert_err(bech32_parse_recipient(key, s, len), ERR_FORMAT);
	assert_err(bech32_parse_identity(key, s, len), ERR_FORMAT);
	assert_memory_equal(key, before, sizeof key);
}

static void
case_is_one_or_the_other(void **state)
{
	char s[AGE_IDENTITY_LEN + 1];
	uint8_t key[AGE_KEY], want[AGE_KEY];
	size_t i;

	(void)state;
	assert_ok(bech32_parse_recipient(want, RECIPIENT, AGE_RECIPIENT_LEN));
	for (i = 0; i <= AGE_RECIPIENT_LEN; i++)
		s[i] = to_upper(RECIPIENT[i]);
	assert_ok(bech32_parse_recipient(key, s, AGE_RECIPIENT_LEN));
	assert_memory_equal(key, want, sizeof want);
	strcpy(s, RECIPIENT);
	memcpy(s, "AGE", 3);
	refused(s, AGE_RECIPIENT_LEN);
	strcpy(s, IDENTITY);
	s[AGE_IDENTITY_LEN - 1] = 'x';
	refused(s, AGE_IDENTITY_LEN);
	for (i = 0; i <= AGE_IDENTITY_LEN; i++)
		s[i] = to_lower(IDENTITY[i]);
	assert_ok(bech32_parse_identity(key, s, AGE_IDENTITY_LEN));
}

/* Bech32 finds every single wrong character; length and separator are exact. */
static void
every_change_is_refused(void **state)
{
	char s[AGE_RECIPIENT_LEN + 2];
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < AGE_RECIPIENT_LEN; i++) {
		for (c = 0; c < 256; c++) {
			strcpy(s, RECIPIENT);
			s[i] = (char)c;
			if (s[i] != RECIPIENT[i])
				refused(s, AGE_RECIPIENT_LEN);
		}
		refused(RECIPIENT, i); /* every truncation */
	}
	strcpy(s, RECIPIENT "q");
	refused(s, AGE_RECIPIENT_LEN + 1);
	refused(RECIPIENT "\n", AGE_RECIPIENT_LEN + 1);
	refused(RECIPIENT, AGE_RECIPIENT_LEN + 1); /* the NUL */
	refused(" " RECIPIENT, AGE_RECIPIENT_LEN + 1);
	refused(&RECIPIENT[1], AGE_RECIPIENT_LEN - 1);
	refused("", 0);
}

/* Right checksums over the wrong thing. */
static void
hostile_encodings(void **state)
{
	uint8_t values[VALUES + 8] = {0}, key[AGE_KEY], other[AGE_KEY];
	char s[256];
	size_t n;

	(void)state;
	assert_ok(bech32_parse_recipient(key, RECIPIENT, AGE_RECIPIENT_LEN));
	split_bits(values, key);
	assert_int_equal(foreign(s, "age", values, VALUES, BECH32), AGE_RECIPIENT_LEN);
	assert_string_equal(s, RECIPIENT); /* the encoder of this test is right */
	refused(s, foreign(s, "age", values, VALUES, BECH32M));
	n = foreign(s, "age1pq", values, VALUES, BECH32); /* post-quantum recipients of age 1.3 */
	refused(s, n);
	n = foreign(s, "age1pq", values, VALUES - 3, BECH32); /* of a recipient's length */
	assert_int_equal(n, AGE_RECIPIENT_LEN);
	refused(s, n);
	n = foreign(s, "agf", values, VALUES, BECH32);
	refused(s, n);
	n = foreign(s, "age1", values, VALUES - 1, BECH32);
	assert_int_equal(n, AGE_RECIPIENT_LEN);
	refused(s, n);
	n = foreign(s, "age-secret-key-pq-", values, VALUES - 3, BECH32);
	assert_int_equal(n, AGE_IDENTITY_LEN);
	refused(s, n);
	n = foreign(s, "age", values, VALUES + 1, BECH32); /* 33 bytes' worth */
	refused(s, n);
	n = foreign(s, "age", values, VALUES - 1, BECH32);
	refused(s, n);
	for (n = 1; n < 16; n++) { /* filling that isn't zero */
		split_bits(values, key);
		values[VALUES - 1] |= (uint8_t)n;
		refused(s, foreign(s, "age", values, VALUES, BECH32));
	}
	/* An identity is no recipient, and the other way round. */
	assert_err(bech32_parse_recipient(other, IDENTITY, AGE_IDENTITY_LEN), ERR_FORMAT);
	assert_err(bech32_parse_identity(other, RECIPIENT, AGE_RECIPIENT_LEN), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bip173_vectors),
	    cmocka_unit_test(known_keys),
	    cmocka_unit_test(every_key_comes_back),
	    cmocka_unit_test(case_is_one_or_the_other),
	    cmocka_unit_test(every_change_is_refused),
	    cmocka_unit_test(hostile_encodings),
	};

	return cmocka_run_group_tests_name("bech32", tests, NULL, NULL);
}
