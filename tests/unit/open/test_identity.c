#include "fixture.h"

#include <sodium.h>

#include "base/text.h"

/* From the format's own text: the identity of 32 times 0x42. */
static const char known[] =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static const char known_pk[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static enum err
parse(const char *s)
{
	struct identity *id = NULL;
	enum err e = identity_parse(&id, s, strlen(s));

	if (e != ERR_OK)
		assert_null(id);
	secret_free(id);
	return e;
}

static void
formats_as_age_keygen_does(void **state)
{
	struct identity *id, *again;
	struct secret_text t;
	char want[256];

	(void)state;
	assert_ok(identity_parse(&id, known, strlen(known)));
	assert_int_equal(id->sk[31], 0x42);
	assert_ok(identity_format(id, 20517, &t));
	snprintf(
	    want, sizeof want, "# created: 2026-03-05\n# public key: %s\n%s\n", known_pk, known);
	assert_string_equal(t.p, want);
	assert_int_equal(t.len, strlen(want));
	assert_ok(identity_parse(&again, t.p, t.len));
	assert_memory_equal(again, id, sizeof *id);
	secret_text_wipe(&t);
	secret_free(id);
	secret_free(again);
}

static void
parses_what_stands_around_it(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof text, "\n# a\n\r\n%s\r\n#\n", known);
	assert_ok(parse(text));
	assert_ok(parse(known));
	snprintf(text, sizeof text, "%s\n%s\n", known, known);
	assert_err(parse(text), ERR_FORMAT);
	snprintf(text, sizeof text, " %s\n", known);
	assert_err(parse(text), ERR_FORMAT);
	snprintf(text, sizeof text, "%s\nx\n", known);
	assert_err(parse(text), ERR_FORMAT);
	assert_err(parse(""), ERR_FORMAT);
	assert_err(parse("# nothing\n"), ERR_FORMAT);
	assert_err(parse(known_pk), ERR_FORMAT);
}

static void
every_change_of_an_identity_is_refused(void **state)
{
	char text[sizeof known];
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < sizeof known - 1; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, known, sizeof known);
			text[i] = (char)(text[i] ^ 1 << bit);
			assert_int_not_equal(parse(text), ERR_OK);
		}
		memcpy(text, known, sizeof known);
		text[i] = '\0';
		assert_err(parse(text), ERR_FORMAT);
	}
}

static void
sets_keep_all(void **state)
{
	struct identity_set set = {0};
	uint8_t pks[100][AGE_KEY] = {{0}};
	struct identity *id;
	uint32_t i;

	(void)state;
	assert_null(identity_set_find(&set, pks[0]));
	for (i = 0; i < 100; i++) {
		assert_ok(identity_new(&id));
		id->tag = i;
		memcpy(pks[i], id->pk, AGE_KEY);
		assert_ok(identity_set_add(&set, id));
		secret_free(id);
	}
	assert_int_equal(set.n, 100);
	for (i = 0; i < 100; i++)
		assert_int_equal(identity_set_find(&set, pks[i])->tag, i);
	pks[0][0] ^= 1;
	assert_null(identity_set_find(&set, pks[0]));
	identity_set_wipe(&set);
	assert_null(set.p);
	identity_set_wipe(&set);
}

static void
seals_to_recipients(void **state)
{
	struct identity_set ids = fixture_ids(1);
	const uint8_t(*pk)[AGE_KEY] = (const uint8_t(*)[AGE_KEY])ids.p[0].pk;
	static const uint8_t weak[1][AGE_KEY];
	static uint8_t big[LIMIT_KEY_FILE + 1];
	struct secret_text t;
	struct buf b;

	(void)state;
	buf_init(&b, 2 * LIMIT_KEY_FILE);
	assert_ok(buf_add_str(&b, "before"));
	assert_err(identity_seal(weak, 1, "x", 1, &b), ERR_CRYPTO);
	assert_err(identity_seal(pk, 0, "x", 1, &b), ERR_USAGE);
	assert_err(identity_seal(pk, 1, big, sizeof big, &b), ERR_LIMIT);
	assert_int_equal(b.len, 6);
	assert_ok(identity_seal(pk, 1, big, sizeof big - 1, &b));
	assert_ok(age_open_small(b.p + 6, b.len - 6, &ids, NULL, LIMIT_KEY_FILE, &t));
	assert_int_equal(t.len, LIMIT_KEY_FILE);
	secret_text_wipe(&t);
	buf_wipe(&b);
	buf_init(&b, 200); /* the header fits, the rest doesn't */
	assert_err(identity_seal(pk, 1, "0123456789abcdef", 16, &b), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
seals_under_a_passphrase(void **state)
{
	struct secret_text pass = fixture_text("right"), wrong = fixture_text("right "), t;
	struct identity_set ids = fixture_ids(1);
	struct age_open *a = NULL;
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, 4096);
	for (n = 0; n <= 100; n += 50) {
		assert_ok(buf_add_str(&b, "before"));
		assert_ok(identity_seal_passphrase(&pass, 4,
		    "0123456789012345678901234567890123456789012345678901234567890123456789"
		    "012345678901234567890123456789",
		    n, &b));
		assert_ok(age_open_small(b.p + 6, b.len - 6, NULL, &pass, 100, &t));
		assert_int_equal(t.len, n);
		secret_text_wipe(&t);
		assert_err(
		    age_open_small(b.p + 6, b.len - 6, NULL, &wrong, 100, &t), ERR_PASSPHRASE);
		assert_err(age_open_small(b.p + 6, b.len - 6, &ids, NULL, 100, &t), ERR_NOMATCH);
		assert_ok(age_open_mem(b.p + 6, b.len - 6, NULL, &pass, &a));
		assert_null(age_open_identity(a));
		assert_int_equal(age_open_stanzas(a), 1);
		age_open_free(a);
		buf_reset(&b);
	}
	assert_err(identity_seal_passphrase(&pass, 0, "", 0, &b), ERR_USAGE);
	assert_err(identity_seal_passphrase(&pass, 21, "", 0, &b), ERR_USAGE);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
	identity_set_wipe(&ids);
	secret_text_wipe(&pass);
	secret_text_wipe(&wrong);
}

/* Every bit of a file under a passphrase; N = 16, or this would take an hour. */
static void
every_bit_flip_under_a_passphrase_is_an_error(void **state)
{
	struct secret_text pass = fixture_text("p"), t = {0};
	struct buf b;
	size_t i;
	int bit;

	(void)state;
	buf_init(&b, 4096);
	assert_ok(identity_seal_passphrase(&pass, 4, "secret", 6, &b));
	for (i = 0; i < b.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			assert_int_not_equal(
			    age_open_small(b.p, b.len, NULL, &pass, 100, &t), ERR_OK);
			assert_null(t.p);
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	for (i = 0; i < b.len; i++)
		assert_int_not_equal(age_open_small(b.p, i, NULL, &pass, 100, &t), ERR_OK);
	buf_wipe(&b);
	secret_text_wipe(&pass);
}

/* The work factor is judged before any work is done. */
static void
work_factors_have_a_limit(void **state)
{
	static const struct {
		const char *factor;
		enum err e;
	} cases[] = {{"21", ERR_LIMIT}, {"63", ERR_LIMIT}, {"64", ERR_LIMIT},
	    {"99999999999999999999", ERR_LIMIT}, {"0", ERR_FORMAT}, {"010", ERR_FORMAT},
	    {"+10", ERR_FORMAT}, {"-1", ERR_FORMAT}, {"0x10", ERR_FORMAT}, {"1", ERR_PASSPHRASE}};
	struct secret_text pass = fixture_text("p"), t = {0};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text,
		    "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA %s\n"
		    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		    "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
		    cases[i].factor);
		assert_err(age_open_small(text, strlen(text), NULL, &pass, 100, &t), cases[i].e);
	}
	secret_text_wipe(&pass);
}

static void
secret_texts_have_a_limit(void **state)
{
	struct secret_text t;

	(void)state;
	assert_ok(secret_text_new(&t, 5));
	assert_string_equal(t.p, "");
	assert_ok(secret_text_add(&t, "abc", 3));
	assert_err(secret_text_add(&t, "def", 3), ERR_LIMIT);
	assert_err(secret_text_add(&t, "d", SIZE_MAX), ERR_LIMIT);
	assert_ok(secret_text_add(&t, "de", 2));
	assert_ok(secret_text_add(&t, NULL, 0));
	assert_string_equal(t.p, "abcde");
	secret_text_wipe(&t);
	assert_null(t.p);
	assert_int_equal(t.len + t.max, 0);
	secret_text_wipe(&t);
	assert_err(secret_text_new(&t, SIZE_MAX), ERR_NOMEM);
	assert_null(secret_new(SIZE_MAX));
	secret_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(formats_as_age_keygen_does),
	    cmocka_unit_test(parses_what_stands_around_it),
	    cmocka_unit_test(every_change_of_an_identity_is_refused),
	    cmocka_unit_test(sets_keep_all),
	    cmocka_unit_test(seals_to_recipients),
	    cmocka_unit_test(seals_under_a_passphrase),
	    cmocka_unit_test(every_bit_flip_under_a_passphrase_is_an_error),
	    cmocka_unit_test(work_factors_have_a_limit),
	    cmocka_unit_test(secret_texts_have_a_limit),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
