#include "harness.h"

#include "base/text.h"
#include "sign/sign.h"

#define OUT_MAX 2048

/*
 * Made by Debian's minisign 0.11: minisign -G -W (key id and seed are from the
 * secret key file), then minisign -S -H -c -t over "hello\n". Ed25519 is
 * deterministic, so ours must be the same bytes.
 */
static const char their_keyid[] = "1b71b85fc289f9b5";
static const char their_seed[] = "7136a86a15d62da3bc7cbbab602e2fc6ceac6ca6aaab6b58fcbc2e0d2cc3c91d";
static const char their_key[] = "RWQbcbhfwon5tVUeL3lGPikrMi0xvX2KiL02EymF/pGufa8CfxbJPnFP";
static const char their_comment[] = "sealslot-keys serial:12 instance:test";
static const char their_sig[] =
    "untrusted comment: signed by Sealslot, verify with minisign\n"
    "RUQbcbhfwon5tQ0971Yj7IepKTsVspWAQJpPV4JzJYe4g1RDMrojEv7XeWCtVmXHjX6B/yw0iGlOO3SlircnHUH8XYLPyD"
    "wr7QY=\n"
    "trusted comment: sealslot-keys serial:12 instance:test\n"
    "DUZShfzxOywPS/urkyev2/oa6vdhcWzSKZYMIoQV2ZG0baplWdpOcIOdKTDSX9vjB0OkTVxIKgLUcL2wo6jdAQ==\n";

static struct sign_key
their_secret(void)
{
	uint8_t seed[SIGN_SEED];
	struct sign_key k;

	assert_ok(text_unhex(seed, sizeof seed, their_seed, strlen(their_seed)));
	sign_key_from_seed(&k, seed);
	assert_ok(text_unhex(k.public.keyid, MINISIGN_KEYID, their_keyid, strlen(their_keyid)));
	return k;
}

static void
signs_as_minisign_does(void **state)
{
	struct sign_key k = their_secret();
	char line[MINISIGN_KEY_LEN + 1];
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	minisign_key_format(line, &k.public);
	assert_string_equal(line, their_key);
	assert_ok(sign_message(&k, "hello\n", 6, their_comment, &b));
	assert_string_equal(buf_cstr(&b), their_sig);
	buf_wipe(&b);
}

static enum err
sign_and_verify(const struct sign_key *k, const void *msg, size_t n, const char *comment)
{
	struct minisign_sig sig;
	struct buf b;
	enum err e;

	buf_init(&b, OUT_MAX);
	if ((e = sign_message(k, msg, n, comment, &b)) == ERR_OK &&
	    (e = minisign_sig_parse(&sig, b.p, b.len)) == ERR_OK)
		e = minisign_verify(&k->public, &sig, msg, n, comment);
	buf_wipe(&b);
	return e;
}

static void
a_new_key_verifies(void **state)
{
	struct sign_key k, again;
	uint8_t msg[1000];

	(void)state;
	harness_fill(msg, sizeof msg, 1);
	sign_key_new(&k);
	assert_true(minisign_key_is_ours(&k.public));
	assert_ok(sign_and_verify(&k, msg, sizeof msg, "x"));
	assert_ok(sign_and_verify(&k, msg, 0, "x"));
	assert_ok(sign_and_verify(&k, NULL, 0, ""));
	sign_key_from_seed(&again, k.seed);
	assert_memory_equal(&again, &k, sizeof k);
	sign_key_new(&again);
	assert_memory_not_equal(again.seed, k.seed, SIGN_SEED);
}

static void
comments_have_limits(void **state)
{
	char comment[MINISIGN_COMMENT_MAX + 2];
	struct sign_key k;
	struct buf b;

	(void)state;
	sign_key_new(&k);
	buf_init(&b, OUT_MAX);
	memset(comment, 'c', sizeof comment);
	comment[MINISIGN_COMMENT_MAX + 1] = '\0';
	assert_err(sign_message(&k, "m", 1, comment, &b), ERR_LIMIT);
	comment[MINISIGN_COMMENT_MAX] = '\0';
	assert_ok(sign_and_verify(&k, "m", 1, comment));
	assert_err(sign_message(&k, "m", 1, "two\nlines", &b), ERR_USAGE);
	assert_err(sign_message(&k, "m", 1, "\x1b[2J", &b), ERR_USAGE);
	assert_err(sign_message(&k, "m", 1, "caf\xc3\xa9", &b), ERR_USAGE);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
	buf_init(&b, 100);
	assert_err(sign_message(&k, "m", 1, "no room", &b), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
}

static void
wipe_leaves_nothing(void **state)
{
	static const struct sign_key empty;
	struct sign_key k;

	(void)state;
	sign_key_new(&k);
	sign_key_wipe(&k);
	assert_memory_equal(&k, &empty, sizeof k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signs_as_minisign_does),
	    cmocka_unit_test(a_new_key_verifies),
	    cmocka_unit_test(comments_have_limits),
	    cmocka_unit_test(wipe_leaves_nothing),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
