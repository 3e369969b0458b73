#include "harness.h"

#include <sodium.h>

#include "base/text.h"
#include "mailbox/codename.h"

#define INSTANCE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"

static void
a_new_codename_parses_in_any_dress(void **state)
{
	struct codename_fault fault;
	struct codename c, back;
	char text[CODENAME_TEXT_MAX], dressed[8 * CODENAME_TEXT_MAX];
	size_t i, n;
	int round;

	(void)state;
	for (round = 0; round < 500; round++) {
		codename_new(&c);
		codename_format(text, &c);
		assert_ok(codename_parse(&back, text, strlen(text), &fault));
		assert_string_equal(back.letters, c.letters);
		assert_memory_equal(back.lens, c.lens, sizeof c.lens);
		assert_ok(codename_parse(&back, c.letters, strlen(c.letters), &fault));
		for (i = n = 0; text[i] != '\0'; i++) {
			if (text[i] == ' ')
				n += (size_t)snprintf(dressed + n, sizeof dressed - n,
				    " -\xc2\xa0.,\n%zu)\xe2\x80\xaf\xe3\x80\x80\v\xe2\x80\x8b\xef\xbb\xbf"
				    "0",
				    i);
			else
				dressed[n++] = (char)(i % 3 ? text[i] : text[i] - 'a' + 'A');
		}
		assert_ok(codename_parse(&back, dressed, n, &fault));
		assert_string_equal(back.letters, c.letters);
	}
}

static void
a_typo_is_named_without_any_state(void **state)
{
	static const char real[] = "abacus abdomen";
	struct codename_fault fault;
	struct codename c;
	char text[CODENAME_TEXT_MAX + 16], *third;

	(void)state;
	codename_new(&c);
	codename_format(text, &c);
	third = strchr(strchr(text, ' ') + 1, ' ') + 1;
	*third = '!';
	assert_err(codename_parse(&c, text, strlen(text), &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_UNKNOWN_WORD);
	assert_int_equal(fault.word, 3);
	assert_err(codename_parse(&c, real, strlen(real), &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_TOO_SHORT);
	assert_int_equal(fault.word, 2);
	assert_err(codename_parse(&c, "", 0, &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_TOO_SHORT);
	codename_new(&c);
	codename_format(text, &c);
	strcat(text, " abacus");
	assert_err(codename_parse(&c, text, strlen(text), &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_TOO_LONG);
}

/* The place is that on the paper: a letter too many at a word's end isn't the fault of the next
 * one. */
static void
a_letter_too_many_is_its_own_words(void **state)
{
	static const struct {
		const char *typed;
		unsigned word;
	} cases[] = {
	    {"abacusx abdomen abdomen abdomen abdomen abdomen abdomen abdomen", 1},
	    {"abacus abdomen 3. abdomenn abdomen abdomen abdomen abdomen abdomen", 3},
	    {"abacus abdomen abdomen abdomen abdomen abdomen abdomen abdomenz", 8},
	    {"abacus abdomen abdomen abdomen abdomen abacusabdomen abdomen abdomen", 6},
	};
	struct codename_fault fault;
	struct codename c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_err(
		    codename_parse(&c, cases[i].typed, strlen(cases[i].typed), &fault), ERR_FORMAT);
		assert_int_equal(fault.why, CODENAME_UNKNOWN_WORD);
		assert_int_equal(fault.word, cases[i].word);
	}
}

static void
a_numbered_list_is_a_codename(void **state)
{
	char text[CODENAME_TEXT_MAX], list[2 * CODENAME_TEXT_MAX], *at, *word;
	struct codename_fault fault;
	struct codename c, back;
	size_t n = 0, i;

	(void)state;
	codename_new(&c);
	codename_format(text, &c);
	for (i = 1, at = text; (word = strsep(&at, " ")) != NULL; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%zu. %s\r\n", i, word);
	assert_ok(codename_parse(&back, list, n, &fault));
	assert_string_equal(back.letters, c.letters);
	/* A digit in the place of a letter is a typo still, and its word is named. */
	assert_err(codename_parse(&back, "1. abacus 2. abd0men", 20, &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_UNKNOWN_WORD);
	assert_int_equal(fault.word, 2);
	/* So is a letter that isn't ours. */
	assert_err(codename_parse(&back, "1. abacus 2. \xc3\xa9t\xc3\xa9", 17, &fault), ERR_FORMAT);
	assert_int_equal(fault.why, CODENAME_UNKNOWN_WORD);
	assert_int_equal(fault.word, 2);
}

/* The check word misses one wrong or swapped word in 7,776: over 3,000 tries hardly any may pass.
 */
static void
wrong_and_swapped_words_fail_the_check(void **state)
{
	struct codename_fault fault;
	struct codename c, back;
	char text[CODENAME_TEXT_MAX + 16];
	unsigned passed = 0, tried = 0, round, i;
	const char *words[CODENAME_WORDS], *kept;
	char copy[CODENAME_WORDS][WORDS_MAX + 1];
	size_t at;

	(void)state;
	for (round = 0; round < 3000; round++) {
		codename_new(&c);
		for (i = 0, at = 0; i < CODENAME_WORDS; at += c.lens[i++]) {
			memcpy(copy[i], c.letters + at, c.lens[i]);
			copy[i][c.lens[i]] = '\0';
			words[i] = copy[i];
		}
		i = random_below(CODENAME_WORDS - 1);
		if (round % 2) {
			kept = words[i];
			words[i] = words[i + 1];
			words[i + 1] = kept;
		} else {
			words[i] = words_get(random_below(WORDS_COUNT));
		}
		if (strcmp(words[i], copy[i]) == 0)
			continue;
		for (i = 0, at = 0; i < CODENAME_WORDS; i++)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s ", words[i]);
		tried++;
		if (codename_parse(&back, text, at, &fault) == ERR_OK)
			passed++;
		else
			assert_int_equal(fault.why, CODENAME_WRONG_CHECK);
	}
	assert_true(tried > 2900);
	assert_true(passed < 8);
}

static void
hostile_text_is_refused(void **state)
{
	struct codename_fault fault;
	struct codename c;
	uint8_t junk[300];
	unsigned i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		harness_fill(junk, sizeof junk, i);
		assert_err(
		    codename_parse(&c, (const char *)junk, i % sizeof junk, &fault), ERR_FORMAT);
	}
	memset(junk, 'a', sizeof junk);
	assert_err(codename_parse(&c, (const char *)junk, sizeof junk, &fault), ERR_FORMAT);
	memset(junk, '\xc2', sizeof junk);
	assert_err(codename_parse(&c, (const char *)junk, 1, &fault), ERR_FORMAT);
}

/* The construction once more, step by step as section 5 has it. */
static void
keys_are_those_of_the_format(void **state)
{
	struct codename_keys k, again, other;
	uint8_t salt[16], master[32], login[32], want[32];
	char text[128];
	struct codename c;

	(void)state;
	codename_new(&c);
	assert_ok(codename_derive(&k, &c, INSTANCE));
	snprintf(text, sizeof text, "sealslot salt 1%s", INSTANCE);
	crypto_generichash(salt, 16, (const uint8_t *)text, strlen(text), NULL, 0);
	assert_int_equal(crypto_pwhash(master, 32, c.letters, strlen(c.letters), salt, 4, 64 << 20,
			     crypto_pwhash_ALG_ARGON2ID13),
	    0);
	crypto_kdf_derive_from_key(login, 32, 1, "slotsrc1", master);
	crypto_generichash(want, 32, login, 32, NULL, 0);
	assert_memory_equal(k.mailbox, want, 32);
	crypto_kdf_derive_from_key(want, 32, 2, "slotsrc1", master);
	assert_memory_equal(k.reply_sk, want, 32);
	crypto_scalarmult_curve25519_base(want, k.reply_sk);
	assert_memory_equal(k.reply_pk, want, 32);
	assert_ok(codename_derive(&again, &c, INSTANCE));
	assert_memory_equal(&again, &k, sizeof k);
	assert_ok(codename_derive(&other, &c, "another.onion"));
	assert_memory_not_equal(other.mailbox, k.mailbox, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_codename_parses_in_any_dress),
	    cmocka_unit_test(a_typo_is_named_without_any_state),
	    cmocka_unit_test(a_letter_too_many_is_its_own_words),
	    cmocka_unit_test(a_numbered_list_is_a_codename),
	    cmocka_unit_test(wrong_and_swapped_words_fail_the_check),
	    cmocka_unit_test(hostile_text_is_refused),
	    cmocka_unit_test(keys_are_those_of_the_format),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/codename", tests, NULL, NULL);
}
