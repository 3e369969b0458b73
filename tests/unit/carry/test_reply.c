#include "harness.h"

#include "base/limits.h"
#include "carry/reply.h"
#include "seal/age_seal.h"

#define DAY 20517 /* 2026-03-05 */

static void
round_trip(const char *text, size_t n)
{
	struct reply r = {DAY, text, n}, got;
	struct buf b;

	buf_init(&b, LIMIT_REPLY);
	assert_ok(reply_format(&r, &b));
	assert_int_equal(b.len % LIMIT_REPLY_STEP, 0);
	assert_true(age_sealed_size(1, b.len) <= LIMIT_REPLY);
	assert_ok(reply_parse(&got, b.p, b.len));
	assert_int_equal(got.day, DAY);
	assert_int_equal(got.len, n);
	assert_memory_equal(got.text, text, n);
	buf_wipe(&b);
}

static void
replies_go_both_ways_at_every_border(void **state)
{
	size_t max = reply_text_max(), n;
	char *text = malloc(max + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'r', max + 1);
	round_trip("Merci.", 6);
	for (n = LIMIT_REPLY_STEP - 80; n < LIMIT_REPLY_STEP + 2; n++)
		round_trip(text, n);
	round_trip(text, max);
	free(text);
}

static void
what_is_no_reply_is_refused(void **state)
{
	size_t max = reply_text_max();
	char *text = malloc(max + 1);
	struct reply r = {DAY, text, max + 1};
	struct buf b;

	(void)state;
	assert_non_null(text);
	memset(text, 'r', max + 1);
	buf_init(&b, 4 * LIMIT_REPLY);
	assert_err(reply_format(&r, &b), ERR_LIMIT);
	r.len = 0;
	assert_err(reply_format(&r, &b), ERR_FORMAT);
	r = (struct reply){DAY, "\xff", 1};
	assert_err(reply_format(&r, &b), ERR_FORMAT);
	assert_int_equal(b.len, 0);
	free(text);
}

/* Every truncation, and every change of one bit outside the text, is noticed. */
static void
damage_is_noticed(void **state)
{
	struct reply r = {DAY, "Bonjour", 7}, got;
	size_t i, head, tail;
	struct buf b;
	unsigned bit;

	(void)state;
	buf_init(&b, LIMIT_REPLY);
	assert_ok(reply_format(&r, &b));
	for (i = 0; i < b.len; i++)
		assert_err(reply_parse(&got, b.p, i), ERR_FORMAT);
	assert_ok(reply_parse(&got, b.p, b.len));
	head = (size_t)(got.text - (const char *)b.p);
	tail = head + got.len;
	for (i = 0; i < b.len; i++) {
		if (i >= head && i < tail)
			continue;
		for (bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1u << bit);
			/* Another real day or another length that fits is damage that only the seal
			 * shows. */
			if (reply_parse(&got, b.p, b.len) == ERR_OK)
				assert_true(i < head && (got.day != DAY || got.len != 7));
			b.p[i] ^= (uint8_t)(1u << bit);
		}
	}
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_go_both_ways_at_every_border),
	    cmocka_unit_test(what_is_no_reply_is_refused),
	    cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests_name("carry/reply", tests, NULL, NULL);
}
