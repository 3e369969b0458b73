#include "harness.h"

#include "base/limits.h"
#include "carry/needs.h"

#define ONION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"
#define VAULT "00112233445566778899aabbccddeeff"
#define ID1   "10112233445566778899aabbccddeeff"
#define ID2   "20112233445566778899aabbccddeeff"
#define TOP   "sealslot-needs 1\ninstance: " ONION "\nvault: " VAULT "\nmade: 2026-06-01\n"
#define HEAD  TOP "inventory: 7 2026-05-30\n"
#define GOOD                                                                                       \
	HEAD "count: 3 3\nepoch: arts 9 2026-03-16\nepoch: tips 1 2026-03-16\nepoch: tips 2 "      \
	     "2026-03-30\nitem: tips 1 " ID1 " unread\nitem: tips 1 " ID2 " missing\n"             \
	     "item: tips 2 " ID1 " server\nend\n"

static enum err
again_head(void *ctx, const struct needs_head *h)
{
	return needs_format_head(h, ctx);
}

static enum err
again_epoch(void *ctx, const struct needs_epoch *e)
{
	return needs_format_epoch(e, ctx);
}

static enum err
again_item(void *ctx, const struct needs_item *i)
{
	return needs_format_item(i, ctx);
}

static enum err
read_text(struct needs_read *r, const char *text, size_t n, size_t split, struct buf *out)
{
	struct needs_events events = {out, again_head, again_epoch, again_item};

	needs_init(r, &events);
	if (needs_put(r, text, split) == ERR_OK && needs_put(r, text + split, n - split) == ERR_OK)
		return needs_finish(r);
	return needs_finish(r);
}

static void
says_everything_at_any_split(void **state)
{
	struct needs_read r;
	char comment[200];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i <= strlen(GOOD); i++) {
		buf_reset(&b);
		assert_ok(read_text(&r, GOOD, strlen(GOOD), i, &b));
		assert_ok(needs_format_end(&b));
		assert_string_equal(buf_cstr(&b), GOOD);
	}
	assert_string_equal(r.head.instance, ONION);
	assert_string_equal(r.head.vault, VAULT);
	assert_int_equal(r.head.inventory, 7);
	assert_ok(needs_comment(&r.head, comment, sizeof comment));
	assert_string_equal(comment, "sealslot-needs made:2026-06-01 instance:" ONION);
	assert_err(needs_comment(&r.head, comment, 20), ERR_LIMIT);
	buf_reset(&b);
	assert_ok(read_text(&r, TOP "inventory: none\ncount: 0 0\nend\n",
	    strlen(TOP "inventory: none\ncount: 0 0\nend\n"), 3, &b));
	assert_int_equal(r.head.inventory, 0);
	buf_wipe(&b);
}

static void
truncations_and_flips_never_pass_unseen(void **state)
{
	char text[sizeof GOOD];
	struct needs_read r;
	struct buf b;
	unsigned bit;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < strlen(GOOD); i++) {
		buf_reset(&b);
		assert_err(read_text(&r, GOOD, i, i / 2, &b), ERR_TRUNCATED);
		assert_non_null(r.why);
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, GOOD, sizeof text);
			text[i] = (char)(text[i] ^ (1 << bit));
			buf_reset(&b);
			if (read_text(&r, text, strlen(GOOD), 0, &b) != ERR_OK) {
				assert_non_null(r.why);
				continue;
			}
			assert_ok(needs_format_end(&b));
			assert_memory_equal(b.p, text, strlen(GOOD));
		}
	}
	buf_wipe(&b);
}

static void
what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} bad[] = {
	    {"sealslot-needs 2\n", 1},
	    {"sealslot-keys 1\n", 1},
	    {"\n", 1},
	    {"sealslot-needs 1\ninstance: nowhere\n", 2},
	    {"sealslot-needs 1\ninstance: " ONION "\nvault: 12\n", 3},
	    {"sealslot-needs 1\ninstance: " ONION "\nvault: " VAULT "\nmade: 2026-02-29\n", 4},
	    {TOP "inventory: 0 2026-05-30\n", 5},
	    {TOP "inventory: 7\n", 5},
	    {TOP "inventory: 7 none\n", 5},
	    {HEAD "count: 1\n", 6},
	    {HEAD "count: 65537 0\n", 6},
	    {HEAD "count: 0 1000001\n", 6},
	    {HEAD "count: 1 0\nepoch: tips 0 2026-03-16\n", 7},
	    {HEAD "count: 1 0\nepoch: TIPS 1 2026-03-16\n", 7},
	    {HEAD "count: 1 0\nepoch: tips 1 2026-03-16 \n", 7},
	    {HEAD "count: 1 0\nitem: tips 1 " ID1 " unread\n", 7},
	    {HEAD "count: 1 0\nend\n", 7},
	    {HEAD "count: 0 0\nepoch: tips 1 2026-03-16\n", 7},
	    {HEAD "count: 2 0\nepoch: tips 2 2026-03-16\nepoch: tips 1 2026-03-16\n", 8},
	    {HEAD "count: 2 0\nepoch: tips 1 2026-03-16\nepoch: tips 1 2026-03-16\n", 8},
	    {HEAD "count: 2 0\nepoch: tips 1 2026-03-16\nepoch: arts 1 2026-03-16\n", 8},
	    {HEAD "count: 0 1\nitem: tips 1 " ID1 " done\n", 7},
	    {HEAD "count: 0 1\nitem: tips 1 " ID1 "\n", 7},
	    {HEAD "count: 0 1\nitem: tips 1 " ID1 " unread\nitem: tips 1 " ID2 " unread\n", 8},
	    {HEAD "count: 0 2\nitem: tips 1 " ID2 " unread\nitem: tips 1 " ID1 " unread\n", 8},
	    {HEAD "count: 0 2\nitem: tips 1 " ID2 " unread\nitem: tips 1 " ID2 " missing\n", 8},
	    {HEAD "count: 0 2\nitem: tips 2 " ID1 " unread\nitem: tips 1 " ID2 " unread\n", 8},
	    {HEAD "count: 0 0\nend\nmore\n", 8},
	    {HEAD "count: 0 0\r\nend\n", 6},
	};
	struct needs_read r;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		buf_reset(&b);
		assert_err(read_text(&r, bad[i].text, strlen(bad[i].text), 1, &b), ERR_FORMAT);
		assert_int_equal(r.number, bad[i].line);
		assert_non_null(r.why);
		/* It stays so. */
		assert_err(needs_put(&r, "x", 1), ERR_FORMAT);
		assert_err(needs_finish(&r), ERR_FORMAT);
	}
	buf_wipe(&b);
}

static void
a_line_has_a_limit(void **state)
{
	char text[LIMIT_NEEDS_LINE + 2];
	struct needs_read r;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	memset(text, 'a', sizeof text);
	assert_err(read_text(&r, text, LIMIT_NEEDS_LINE, 1, &b), ERR_TRUNCATED);
	assert_err(read_text(&r, text, LIMIT_NEEDS_LINE + 1, 1, &b), ERR_LIMIT);
	buf_wipe(&b);
}

static enum err
no_more(void *ctx, const struct needs_item *i)
{
	(void)ctx;
	(void)i;
	return ERR_NOMEM;
}

static void
an_error_of_the_reader_ends_it(void **state)
{
	struct needs_events events;
	struct needs_read r;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	events = (struct needs_events){&b, again_head, again_epoch, no_more};
	needs_init(&r, &events);
	assert_err(needs_put(&r, GOOD, strlen(GOOD)), ERR_NOMEM);
	assert_int_equal(r.number, 10);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_everything_at_any_split),
	    cmocka_unit_test(truncations_and_flips_never_pass_unseen),
	    cmocka_unit_test(what_is_wrong_is_named),
	    cmocka_unit_test(a_line_has_a_limit),
	    cmocka_unit_test(an_error_of_the_reader_ends_it),
	};

	return cmocka_run_group_tests_name("carry/needs", tests, NULL, NULL);
}
