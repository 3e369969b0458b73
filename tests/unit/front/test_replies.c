#include "harness.h"

#include "front/replies.h"

static enum err
put(struct replies *r, unsigned id, int32_t day, const char *piece, uint32_t left)
{
	struct op_text head = {.day = day, .left = left};

	snprintf(head.id, sizeof head.id, "%032x", id);
	return replies_put(r, &head, piece, strlen(piece));
}

static void
test_pieces_and_order(void **state)
{
	struct replies r;

	(void)state;
	replies_init(&r);
	replies_end(&r);
	assert_int_equal(r.n, 0);
	assert_ok(put(&r, 1, 10, "one ", 3));
	assert_ok(put(&r, 1, 10, "two", 0));
	assert_ok(put(&r, 2, 12, "latest", 0));
	assert_ok(put(&r, 3, 10, "same day", 0));
	assert_ok(put(&r, 4, 11, "never comp", 5)); /* and then the line was lost */
	replies_end(&r);
	assert_int_equal(r.n, 3);
	assert_string_equal(replies_text(&r, 0), "latest");
	assert_string_equal(replies_text(&r, 1), "one two");
	assert_string_equal(replies_text(&r, 2), "same day");
	assert_string_equal(r.all[1].id, "00000000000000000000000000000001");
	assert_false(r.is_cut);
	replies_wipe(&r);
	assert_int_equal(r.n, 0);
}

static void
test_a_nul_ends_no_text(void **state)
{
	struct op_text head = {.day = 1};
	struct replies r;

	(void)state;
	replies_init(&r);
	assert_ok(replies_put(&r, &head, "a\0b\0", 4));
	replies_end(&r);
	assert_string_equal(replies_text(&r, 0), "a b ");
	replies_wipe(&r);
}

static void
test_one_page_only(void **state)
{
	struct replies r;
	static char big[60001];
	unsigned i;
	enum err e = ERR_OK;

	(void)state;
	memset(big, 'x', sizeof big - 1);
	replies_init(&r);
	for (i = 0; e == ERR_OK; i++)
		e = put(&r, i, 1, big, 0);
	assert_err(e, ERR_LIMIT);
	assert_true(r.is_cut);
	replies_end(&r);
	assert_int_equal(r.n, LIMIT_PAGE_TEXT / sizeof big);
	assert_int_equal(strlen(replies_text(&r, r.n - 1)), sizeof big - 1);
	replies_wipe(&r);
	replies_init(&r);
	for (i = 0; i < LIMIT_REPLIES; i++)
		assert_ok(put(&r, i, 1, "x", 0));
	assert_err(put(&r, i, 1, "x", 0), ERR_LIMIT);
	replies_end(&r);
	assert_int_equal(r.n, LIMIT_REPLIES);
	assert_true(r.is_cut);
	replies_wipe(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces_and_order),
	    cmocka_unit_test(test_a_nul_ends_no_text),
	    cmocka_unit_test(test_one_page_only),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
