#include "plan_rig.h"
#include "tool/listed.h"

/* Recipients and reply keys: which come, which are revoked, how many there may be. */

static void
recipients_are_added_behind_the_others(void **state)
{
	struct plan_request r = request("2026-03-02");
	struct schedule_epoch e;
	struct schedule *s;
	unsigned i;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = 3;
	s = plan(NULL, &r);
	e = s->epochs[1];
	assert_ok(listed_add_recipient(s, &e)); /* is there already */
	assert_int_equal(s->n_epochs, 3);
	for (i = 2; i <= LIMIT_AGE_RECIPIENTS; i++) {
		memset(e.recipient, (int)i, AGE_KEY);
		assert_ok(listed_add_recipient(s, &e));
		assert_memory_equal(&s->epochs[i], &e, sizeof e);
		assert_int_equal(s->epochs[i + 1].number, 3);
	}
	assert_int_equal(s->n_epochs, 3 + 3);
	memset(e.recipient, 9, AGE_KEY);
	assert_err(listed_add_recipient(s, &e), ERR_LIMIT);
	e.number = 3;
	assert_err(listed_add_recipient(s, &e), ERR_USAGE);
	e.number = 4;
	assert_err(listed_add_recipient(s, &e), ERR_NOTFOUND);
	assert_int_equal(s->n_epochs, 3 + 3);
	schedule_free(s);
}

static void
reply_keys_are_added_once(void **state)
{
	struct plan_request r = request("2026-03-02");
	struct minisign_key k;
	uint8_t pk[MINISIGN_PK] = {0};
	struct schedule *s;
	unsigned i;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	for (i = 0; i < 2 * LIMIT_REPLY_KEYS; i++) {
		pk[0] = (uint8_t)(i / 2);
		minisign_key_init(&k, pk);
		assert_ok(listed_add_reply_key(s, &k));
	}
	assert_int_equal(s->n_reply_keys, LIMIT_REPLY_KEYS);
	pk[0]++;
	minisign_key_init(&k, pk);
	assert_err(listed_add_reply_key(s, &k), ERR_LIMIT);
	schedule_free(s);
}

static void
revoked_lines_are_sorted_and_bounded(void **state)
{
	static const uint32_t order[] = {3, 1, 2, 3, 1};
	struct plan_request r = request("2026-03-02");
	struct schedule_epoch e = {0};
	struct schedule *s;
	uint32_t i;

	(void)state;
	ask_inbox(&r, "tips");
	ask_inbox(&r, "arts");
	s = plan(NULL, &r);
	for (i = 0; i < 10; i++) {
		e.inbox = i < 5;
		e.number = order[i % 5];
		e.recipient[0] = (uint8_t)(i + 1);
		assert_ok(listed_add_revoked(s, &e));
		assert_ok(listed_add_revoked(s, &e)); /* is there already */
	}
	assert_int_equal(s->n_revoked, 10);
	for (i = 1; i < 10; i++)
		assert_true(s->revoked[i - 1].inbox * 10 + s->revoked[i - 1].number <=
			    s->revoked[i].inbox * 10 + s->revoked[i].number);
	/* In the order in which they came, within an epoch. */
	assert_int_equal(s->revoked[0].recipient[0], 7);
	assert_int_equal(s->revoked[1].recipient[0], 10);
	for (; s->n_revoked < LIMIT_REVOKED; i++) {
		memcpy(e.recipient + 1, &i, sizeof i);
		assert_ok(listed_add_revoked(s, &e));
	}
	e.recipient[9] = 1;
	assert_err(listed_add_revoked(s, &e), ERR_LIMIT);
	assert_int_equal(s->n_revoked, LIMIT_REVOKED);
	schedule_free(s);
}

static void
a_replaced_recipient_is_revoked(void **state)
{
	struct plan_request r = request("2026-03-02");
	struct schedule_epoch *line, e;
	uint8_t newer[AGE_KEY] = {9};
	struct schedule *s;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	e = s->epochs[4];
	assert_null(listed_find(s, &s->epochs[3], e.recipient));
	line = listed_find(s, &e, e.recipient);
	assert_ptr_equal(line, &s->epochs[4]);
	assert_ok(listed_replace_recipient(s, line, newer));
	assert_memory_equal(s->epochs[4].recipient, newer, AGE_KEY);
	assert_int_equal(s->n_revoked, 1);
	assert_memory_equal(s->revoked[0].recipient, e.recipient, AGE_KEY);
	assert_int_equal(s->revoked[0].number, 5);
	s->n_revoked = LIMIT_REVOKED;
	newer[0]++;
	assert_err(listed_replace_recipient(s, line, newer), ERR_LIMIT);
	assert_int_equal(s->epochs[4].recipient[0], 9);
	schedule_free(s);
}

static void
counts_what_a_theft_would_revoke(void **state)
{
	struct plan_request r = request("2026-03-02");
	struct schedule *s;

	(void)state;
	ask_inbox(&r, "tips");
	ask_inbox(&r, "arts");
	r.epochs = 3;
	s = plan(NULL, &r);
	assert_int_equal(listed_count_live(s, r.today), 6);
	assert_int_equal(listed_count_live(s, s->epochs[0].end - 1), 6);
	assert_int_equal(listed_count_live(s, s->epochs[0].end), 4);
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recipients_are_added_behind_the_others),
	    cmocka_unit_test(reply_keys_are_added_once),
	    cmocka_unit_test(revoked_lines_are_sorted_and_bounded),
	    cmocka_unit_test(a_replaced_recipient_is_revoked),
	    cmocka_unit_test(counts_what_a_theft_would_revoke),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
