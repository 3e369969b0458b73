#include "harness.h"

#include "base/limits.h"
#include "carry/answers.h"

#define ONION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"
#define ID1   "00112233445566778899aabbccddeeff"
#define ID2   "10112233445566778899aabbccddeeff"
#define HASH1 "0101010101010101010101010101010101010101010101010101010101010101"
#define HASH2 "ab01010101010101010101010101010101010101010101010101010101010101"
#define HEAD  "sealslot-answers 1\ninstance: " ONION "\nserial: 4\nmade: 2026-03-05\n"
#define GOOD                                                                                       \
	HEAD "count: 2 1\nreply: " HASH1 " " ID1 " 4500 " HASH2 "\nreply: " HASH1 " " ID2          \
	     " 4500 " HASH2 "\nreceived: " ID1 " 263000 " HASH1 "\nend\n"

static void
answers_go_both_ways(void **state)
{
	struct answers_fault fault = {0};
	struct answers *a = NULL;
	char comment[200];
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_ok(answers_parse(GOOD, strlen(GOOD), &a, &fault));
	assert_int_equal(a->serial, 4);
	assert_int_equal(a->n_replies, 2);
	assert_int_equal(a->n_receipts, 1);
	assert_string_equal(a->replies[1].id, ID2);
	assert_int_equal(a->receipts[0].size, 263000);
	assert_ok(answers_format(a, &b));
	assert_string_equal(buf_cstr(&b), GOOD);
	assert_ok(answers_comment(a, comment, sizeof comment));
	assert_string_equal(comment, "sealslot-answers serial:4 instance:" ONION);
	assert_err(answers_comment(a, comment, 20), ERR_LIMIT);
	buf_wipe(&b);
	answers_free(a);
	answers_free(NULL);
}

static void
nothing_to_say_is_fine(void **state)
{
	struct answers_fault fault = {0};
	struct answers *a = NULL;

	(void)state;
	assert_ok(
	    answers_parse(HEAD "count: 0 0\nend\n", strlen(HEAD "count: 0 0\nend\n"), &a, &fault));
	assert_int_equal(a->n_replies + a->n_receipts, 0);
	answers_free(a);
}

static void
what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} bad[] = {
	    {"sealslot-answers 2\n", 1},
	    {"sealslot-answers 1\ninstance: nowhere\n", 2},
	    {"sealslot-answers 1\ninstance: " ONION "\nserial: 0\n", 3},
	    {"sealslot-answers 1\ninstance: " ONION "\nserial: 1\nmade: 2026-02-30\n", 4},
	    {HEAD "count: 1\n", 5},
	    {HEAD "count: 99999 0\nend\n", 5},
	    {HEAD "count: 0 1\nreceived: " ID1 " -1 " HASH1 "\nend\npadpadpadpadpadpadpadpadpad\n",
		6},
	    {HEAD "count: 0 1\nreceived: " ID1 " 01 " HASH1 "\nend\npadpadpadpadpadpadpadpadpad\n",
		6},
	    {HEAD "count: 1 0\nreply: " HASH1 " " ID1 " 61441 " HASH2 "\nend\n", 6},
	    {HEAD "count: 2 0\nreply: " HASH1 " " ID1 " 4500 " HASH2 "\nreply: " HASH1 " " ID1
		  " 4500 " HASH2 "\nend\n",
		7},
	    {HEAD "count: 0 2\nreceived: " ID2 " 263 " HASH1 "\nreceived: " ID1 " 263 " HASH1
		  "\nend\n",
		7},
	    {GOOD "more\n", 9},
	};
	struct answers *a = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct answers_fault fault = {0};

		assert_true(answers_parse(bad[i].text, strlen(bad[i].text), &a, &fault) != ERR_OK);
		assert_int_equal(fault.line, bad[i].line);
		assert_non_null(fault.why);
		assert_null(a);
	}
}

static void
truncations_and_flips_never_pass_unseen(void **state)
{
	struct answers_fault fault = {0};
	struct answers *a = NULL;
	char text[sizeof GOOD];
	struct buf b;
	size_t i;
	unsigned bit;

	(void)state;
	for (i = 0; i < strlen(GOOD); i++)
		assert_true(answers_parse(GOOD, i, &a, &fault) != ERR_OK);
	buf_init(&b, 4096);
	for (i = 0; i < strlen(GOOD); i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, GOOD, sizeof text);
			text[i] = (char)(text[i] ^ (1 << bit));
			if (answers_parse(text, strlen(GOOD), &a, &fault) != ERR_OK)
				continue;
			/* Another valid text: it must be the one that its content is written as. */
			buf_reset(&b);
			assert_ok(answers_format(a, &b));
			assert_memory_equal(b.p, text, strlen(GOOD));
			answers_free(a);
		}
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_go_both_ways),
	    cmocka_unit_test(nothing_to_say_is_fine),
	    cmocka_unit_test(what_is_wrong_is_named),
	    cmocka_unit_test(truncations_and_flips_never_pass_unseen),
	};

	return cmocka_run_group_tests_name("carry/answers", tests, NULL, NULL);
}
