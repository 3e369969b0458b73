#include "harness.h"

#include <sodium.h>

#include "base/limits.h"
#include "base/text.h"
#include "carry/minisign.h"

/* Made by Debian's minisign 0.11: minisign -G -W; minisign -S over "hello\n". */
static const char key_file[] = "untrusted comment: minisign public key 8B7E624202047269\n"
			       "RWRpcgQCQmJ+i8M3DyrWzDgOmlYPeu0s+o/OVKB+89swO3q2KuqAES8A\n";
#define UNTRUSTED "untrusted comment: signature from minisign secret key\n"
static const char sig_file[] = UNTRUSTED
    "RURpcgQCQmJ+i5shVfcfHYDPkL2UBel54VNsLQw/EmYBP6NAvD2n8d3yDK6Okam4PrcbxRk7P5cnFmX+uXq4N+fGMRuud9"
    "Bo3gA=\n"
    "trusted comment: sealslot test\n"
    "ORlZyo5Iacb1VQUzCxSXdRoeaRFYOxJ0vECgnySbt3AG5imTSFzyazTkJsDq7efEjgDXA5o39d+ti20Hj7ofBQ==\n";
static const char default_comment[] = UNTRUSTED
    "RURpcgQCQmJ+i5shVfcfHYDPkL2UBel54VNsLQw/EmYBP6NAvD2n8d3yDK6Okam4PrcbxRk7P5cnFmX+uXq4N+fGMRuud9"
    "Bo3gA=\n"
    "trusted comment: timestamp:1795470810\tfile:m\thashed\n"
    "HZbATmOUp1IdnP5+N7fmk0pyUK3K1mnWvN1VevOc1dTO43T7gi7e2UG8mVQZkoClaNogRb3ioIro6GZEqO70AA==\n";
static const char legacy[] = UNTRUSTED
    "RWRpcgQCQmJ+iz49PBromODv//7f9F2HB6YdZXqrQrh9owAgIr2Y3Tv652/KLhfirILTgP64l6TQejLeqOw+QtvO1zoD1d"
    "0pgQ0=\n"
    "trusted comment: timestamp:1795470810\tfile:m\n"
    "eWZ9grwpxCr9aZO+Xlfttot0ON+gfU6wfwVWzmojFduyLIc3bynvWPk4HAzgCNRGSXsgQ59MBLd5+TKYNBDbCQ==\n";
static const char message[] = "hello\n";

static struct minisign_key
their_key(void)
{
	struct minisign_key k;

	assert_ok(minisign_key_parse_file(&k, key_file, strlen(key_file)));
	return k;
}

static enum err
verify(const char *sig, size_t n, const char *msg, const char *expect)
{
	struct minisign_key k = their_key();
	struct minisign_sig s;
	enum err e;

	if ((e = minisign_sig_parse(&s, sig, n)) != ERR_OK)
		return e;
	return minisign_verify(&k, &s, msg, strlen(msg), expect);
}

static void
accepts_minisigns_own_files(void **state)
{
	(void)state;
	assert_ok(verify(sig_file, strlen(sig_file), message, "sealslot test"));
	assert_ok(verify(sig_file, strlen(sig_file), message, NULL));
	assert_ok(verify(default_comment, strlen(default_comment), message, NULL));
}

static void
hash_and_message_agree(void **state)
{
	struct minisign_key k = their_key();
	struct minisign_sig s;
	uint8_t hash[MINISIGN_HASH];

	(void)state;
	crypto_generichash(hash, sizeof hash, (const uint8_t *)message, strlen(message), NULL, 0);
	assert_ok(minisign_sig_parse(&s, sig_file, strlen(sig_file)));
	assert_ok(minisign_verify_hash(&k, &s, hash, "sealslot test"));
	hash[63] ^= 1;
	assert_err(minisign_verify_hash(&k, &s, hash, "sealslot test"), ERR_AUTH);
}

static void
refuses_what_differs(void **state)
{
	struct minisign_key k = their_key();
	struct minisign_sig s;

	(void)state;
	assert_err(verify(sig_file, strlen(sig_file), "hello", NULL), ERR_AUTH);
	assert_err(verify(sig_file, strlen(sig_file), message, "sealslot tes"), ERR_AUTH);
	assert_err(verify(sig_file, strlen(sig_file), message, "sealslot test "), ERR_AUTH);
	assert_err(verify(sig_file, strlen(sig_file), message, ""), ERR_AUTH);
	assert_err(verify(legacy, strlen(legacy), message, NULL), ERR_FORMAT);
	assert_ok(minisign_sig_parse(&s, sig_file, strlen(sig_file)));
	k.keyid[0] ^= 1;
	assert_err(minisign_verify(&k, &s, message, strlen(message), NULL), ERR_NOMATCH);
	k = their_key();
	k.pk[0] ^= 1;
	assert_err(minisign_verify(&k, &s, message, strlen(message), NULL), ERR_AUTH);
	/* A point of small order verifies anything in careless code. */
	memset(k.pk, 0, sizeof k.pk);
	assert_err(minisign_verify(&k, &s, message, strlen(message), NULL), ERR_AUTH);
}

/* Every single bit counts, but for the comment that nothing covers. */
static void
every_bit_of_a_signature_counts(void **state)
{
	size_t free_from = strlen("untrusted comment: "), free_to = strlen(UNTRUSTED) - 1;
	char text[sizeof sig_file];
	size_t i, bit;

	(void)state;
	for (i = 0; i < strlen(sig_file); i++)
		for (bit = 0; bit < 8; bit++) {
			if (i >= free_from && i < free_to)
				continue;
			memcpy(text, sig_file, sizeof text);
			text[i] = (char)(text[i] ^ 1 << bit);
			assert_int_not_equal(
			    verify(text, strlen(sig_file), message, "sealslot test"), ERR_OK);
		}
}

static void
no_truncation_passes(void **state)
{
	struct minisign_key k;
	size_t n;

	(void)state;
	for (n = 0; n < strlen(sig_file); n++)
		assert_err(verify(sig_file, n, message, NULL), ERR_FORMAT);
	for (n = 0; n < strlen(key_file); n++)
		assert_err(minisign_key_parse_file(&k, key_file, n), ERR_FORMAT);
}

static void
hostile_texts(void **state)
{
	static const char *const sigs[] = {
	    "",
	    "\n\n\n\n",
	    "untrusted comment: \n\ntrusted comment: \n\n",
	    /* no line at all, CR LF, another keyword, a fifth line */
	    UNTRUSTED,
	    "untrusted comment: x\r\nRURpcgQCQmJ+i5shVfcfHYDPkL2UBel54VNsLQw/EmYBP6NAvD2n8d3yDK6Oka"
	    "m4PrcbxRk7P5cnFmX+uXq4N+fGMRuud9Bo3gA=\n"
	    "trusted comment: sealslot test\n"
	    "ORlZyo5Iacb1VQUzCxSXdRoeaRFYOxJ0vECgnySbt3AG5imTSFzyazTkJsDq7efEjgDXA5o39d+"
	    "ti20Hj7ofBQ==\n",
	    "Untrusted comment: x\nRURpcgQCQmJ+i5shVfcfHYDPkL2UBel54VNsLQw/EmYBP6NAvD2n8d3yDK6Okam"
	    "4PrcbxRk7P5cnFmX+uXq4N+fGMRuud9Bo3gA=\n"
	    "trusted comment: sealslot test\n"
	    "ORlZyo5Iacb1VQUzCxSXdRoeaRFYOxJ0vECgnySbt3AG5imTSFzyazTkJsDq7efEjgDXA5o39d+"
	    "ti20Hj7ofBQ==\n",
	};
	char more[LIMIT_SIGNATURE + 2];
	struct minisign_sig s;
	struct minisign_key k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sigs / sizeof *sigs; i++)
		assert_err(minisign_sig_parse(&s, sigs[i], strlen(sigs[i])), ERR_FORMAT);
	snprintf(more, sizeof more, "%sx\n", sig_file);
	assert_err(minisign_sig_parse(&s, more, strlen(more)), ERR_FORMAT);
	snprintf(more, sizeof more, "%s\n", key_file);
	assert_err(minisign_key_parse_file(&k, more, strlen(more)), ERR_FORMAT);
	memset(more, 'a', sizeof more);
	assert_err(minisign_sig_parse(&s, more, sizeof more - 1), ERR_LIMIT);
	assert_err(minisign_key_parse_file(&k, more, sizeof more - 1), ERR_LIMIT);
}

/* The trusted comment of a signature with a given one; nothing else of it matters here. */
static enum err
parse_with_comment(const char *comment, size_t n)
{
	struct minisign_sig s;
	struct buf b;
	enum err e;

	buf_init(&b, 4096);
	assert_ok(buf_add_str(&b, "untrusted comment: \n"
				  "RURpcgQCQmJ+i5shVfcfHYDPkL2UBel54VNsLQw/EmYBP6NAvD2n8d3yDK6Okam4"
				  "PrcbxRk7P5cnFmX+uXq4N+fGMRuud9Bo3gA=\ntrusted comment: "));
	assert_ok(buf_add(&b, comment, n));
	assert_ok(buf_add_str(&b, "\nORlZyo5Iacb1VQUzCxSXdRoeaRFYOxJ0vECgnySbt3AG5imTSFzyazTkJsDq7"
				  "efEjgDXA5o39d+ti20Hj7ofBQ==\n"));
	e = minisign_sig_parse(&s, b.p, b.len);
	if (e == ERR_OK)
		assert_int_equal(strlen(s.comment), n);
	buf_wipe(&b);
	return e;
}

static void
trusted_comment_is_printable_and_bounded(void **state)
{
	char c[MINISIGN_COMMENT_MAX + 1];

	(void)state;
	memset(c, 'c', sizeof c);
	assert_ok(parse_with_comment(c, 0));
	assert_ok(parse_with_comment(c, MINISIGN_COMMENT_MAX));
	assert_err(parse_with_comment(c, MINISIGN_COMMENT_MAX + 1), ERR_FORMAT);
	assert_ok(parse_with_comment("a\tb", 3));
	assert_err(parse_with_comment("a\033b", 3), ERR_FORMAT);
	assert_err(parse_with_comment("a\0b", 3), ERR_FORMAT);
	assert_err(parse_with_comment("a\x7f", 2), ERR_FORMAT);
	assert_err(parse_with_comment("\xe2\x80\xae", 3), ERR_FORMAT);
}

static void
keys_round_trip(void **state)
{
	char line[MINISIGN_KEY_LEN + 1];
	struct minisign_key k = their_key(), own, again;

	(void)state;
	assert_false(minisign_key_is_ours(&k));
	minisign_key_format(line, &k);
	assert_memory_equal(line, strchr(key_file, '\n') + 1, MINISIGN_KEY_LEN);
	minisign_key_init(&own, k.pk);
	assert_true(minisign_key_is_ours(&own));
	minisign_key_format(line, &own);
	assert_int_equal(strlen(line), MINISIGN_KEY_LEN);
	assert_ok(minisign_key_parse(&again, line, MINISIGN_KEY_LEN));
	assert_memory_equal(&again, &own, sizeof own);
	assert_err(minisign_key_parse(&again, line, MINISIGN_KEY_LEN - 1), ERR_FORMAT);
	line[1] = 'U'; /* "ED": a signature's algorithm */
	assert_err(minisign_key_parse(&again, line, MINISIGN_KEY_LEN), ERR_FORMAT);
}

static void
every_bit_of_a_key_counts(void **state)
{
	size_t free_to = (size_t)(strchr(key_file, '\n') - key_file);
	char text[sizeof key_file];
	struct minisign_key k, good = their_key();
	size_t i, bit;

	(void)state;
	for (i = 0; i < strlen(key_file); i++)
		for (bit = 0; bit < 8; bit++) {
			if (i >= strlen("untrusted comment: ") && i < free_to)
				continue;
			memcpy(text, key_file, sizeof text);
			text[i] = (char)(text[i] ^ 1 << bit);
			if (minisign_key_parse_file(&k, text, strlen(key_file)) == ERR_OK)
				assert_memory_not_equal(&k, &good, sizeof k);
		}
}

static void
failures_leave_outputs_alone(void **state)
{
	struct minisign_key k = {.keyid = {7}};
	struct minisign_sig s = {.comment = "before"};

	(void)state;
	assert_err(minisign_key_parse_file(&k, key_file, strlen(key_file) - 1), ERR_FORMAT);
	assert_err(minisign_sig_parse(&s, sig_file, strlen(sig_file) - 1), ERR_FORMAT);
	assert_int_equal(k.keyid[0], 7);
	assert_string_equal(s.comment, "before");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts_minisigns_own_files),
	    cmocka_unit_test(hash_and_message_agree),
	    cmocka_unit_test(refuses_what_differs),
	    cmocka_unit_test(every_bit_of_a_signature_counts),
	    cmocka_unit_test(no_truncation_passes),
	    cmocka_unit_test(hostile_texts),
	    cmocka_unit_test(trusted_comment_is_printable_and_bounded),
	    cmocka_unit_test(keys_round_trip),
	    cmocka_unit_test(every_bit_of_a_key_counts),
	    cmocka_unit_test(failures_leave_outputs_alone),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
