#include "harness.h"

#include "base/limits.h"
#include "mailbox/session.h"

static struct session_data
sample(uint8_t seed)
{
	struct session_data d;

	memset(&d, 0, sizeof d);
	memset(&d.keys, seed, sizeof d.keys);
	memset(d.form_key, seed + 1, sizeof d.form_key);
	codename_new(&d.codename);
	return d;
}

static void
a_token_finds_its_session_and_no_other(void **state)
{
	struct session_data a = sample(1), b = sample(2), got;
	char ta[SESSION_TOKEN_LEN + 1], tb[SESSION_TOKEN_LEN + 1], bad[SESSION_TOKEN_LEN + 1];
	struct session_table *t = NULL;
	size_t i;

	(void)state;
	assert_ok(session_table_new(&t));
	assert_ok(session_open(t, &a, 0, ta));
	assert_ok(session_open(t, &b, 0, tb));
	assert_ok(session_use(t, tb, strlen(tb), 1, &got));
	assert_memory_equal(&got.keys, &b.keys, sizeof b.keys);
	assert_string_equal(got.codename.letters, b.codename.letters);
	for (i = 0; i < SESSION_TOKEN_LEN; i++) {
		strcpy(bad, ta);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_err(session_use(t, bad, strlen(bad), 1, &got), ERR_NOTFOUND);
		assert_err(session_use(t, ta, i, 1, &got), ERR_NOTFOUND);
	}
	session_close(t, ta, strlen(ta));
	assert_err(session_use(t, ta, strlen(ta), 1, &got), ERR_NOTFOUND);
	assert_int_equal(session_count(t), 1);
	session_close(t, "nothing", 7);
	session_table_free(t);
	session_table_free(NULL);
}

static void
sessions_end_when_idle_and_at_the_hard_limit(void **state)
{
	struct session_data a = sample(1), got;
	char ta[SESSION_TOKEN_LEN + 1];
	struct session_table *t = NULL;
	int64_t now;

	(void)state;
	assert_ok(session_table_new(&t));
	assert_ok(session_open(t, &a, 0, ta));
	assert_ok(session_use(t, ta, strlen(ta), LIMIT_SESSION_IDLE_MS, &got));
	assert_err(
	    session_use(t, ta, strlen(ta), 2 * LIMIT_SESSION_IDLE_MS + 1, &got), ERR_NOTFOUND);
	assert_int_equal(session_count(t), 0);
	assert_ok(session_open(t, &a, 0, ta));
	for (now = 0; now <= LIMIT_SESSION_MS; now += LIMIT_SESSION_IDLE_MS / 2)
		assert_ok(session_use(t, ta, strlen(ta), now, &got));
	assert_int_equal(session_sweep(t, LIMIT_SESSION_MS + 1), -1);
	assert_int_equal(session_count(t), 0);
	session_table_free(t);
}

static void
the_codename_goes_with_its_receipt(void **state)
{
	struct session_data a = sample(1), got;
	char ta[SESSION_TOKEN_LEN + 1];
	struct session_table *t = NULL;

	(void)state;
	assert_ok(session_table_new(&t));
	assert_ok(session_open(t, &a, 0, ta));
	assert_ok(session_use(t, ta, strlen(ta), LIMIT_RECEIPT_MS, &got));
	assert_string_equal(got.codename.letters, a.codename.letters);
	assert_true(session_sweep(t, LIMIT_RECEIPT_MS + 1) > 0);
	assert_ok(session_use(t, ta, strlen(ta), LIMIT_RECEIPT_MS + 1, &got));
	assert_int_equal(got.codename.letters[0], 0);
	assert_memory_equal(&got.keys, &a.keys, sizeof a.keys);
	session_table_free(t);
}

static void
when_full_the_longest_idle_goes_first(void **state)
{
	static char tokens[LIMIT_SESSIONS + 1][SESSION_TOKEN_LEN + 1];
	struct session_data a = sample(1), got;
	struct session_table *t = NULL;
	size_t i;

	(void)state;
	assert_ok(session_table_new(&t));
	for (i = 0; i < LIMIT_SESSIONS; i++)
		assert_ok(session_open(t, &a, (int64_t)i, tokens[i]));
	assert_ok(session_use(t, tokens[0], SESSION_TOKEN_LEN, 1000, &got));
	assert_ok(session_open(t, &a, 1001, tokens[LIMIT_SESSIONS]));
	assert_int_equal(session_count(t), LIMIT_SESSIONS);
	assert_ok(session_use(t, tokens[0], SESSION_TOKEN_LEN, 1002, &got));
	assert_err(session_use(t, tokens[1], SESSION_TOKEN_LEN, 1002, &got), ERR_NOTFOUND);
	assert_ok(session_use(t, tokens[2], SESSION_TOKEN_LEN, 1002, &got));
	session_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_finds_its_session_and_no_other),
	    cmocka_unit_test(sessions_end_when_idle_and_at_the_hard_limit),
	    cmocka_unit_test(the_codename_goes_with_its_receipt),
	    cmocka_unit_test(when_full_the_longest_idle_goes_first),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/session", tests, NULL, NULL);
}
