#include "desk_rig.h"

/* Codenames and sessions: who gets which, who is known again, who isn't. */

static void
the_codename_on_the_receipt_opens_the_mailbox(void **state)
{
	struct op_name first;
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	drop_something(&r);
	first = r.name;
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	assert_true(strlen(r.is.codename) > 8 * 3);
	/* Somebody else, another codename. */
	drop_something(&r);
	assert_memory_not_equal(first.mailbox, r.name.mailbox, sizeof first.mailbox);
	/* Back with the words. */
	assert_ok(mailbox_sign_in(r.box, r.is.codename, strlen(r.is.codename), session, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	/* A second drop under the same codename goes to the same mailbox and opens no new session.
	 */
	assert_ok(mailbox_take(r.box, r.session.token, named, &r, &ref));
	pump(&r, 2);
	assert_ok(r.e);
	assert_memory_equal(first.mailbox, r.name.mailbox, sizeof first.mailbox);
	assert_memory_equal(first.reply_to, r.name.reply_to, sizeof first.reply_to);
	assert_ok(mailbox_issue(r.box, ref, session, &r));
	pump(&r, 3);
	assert_ok(r.e);
	assert_string_equal(r.session.token, "");
	teardown(&r);
}

/* Broken-off uploads drain no pool: what nobody saw is given out again, to one upload alone. */
static void
a_codename_that_nobody_saw_goes_back(void **state)
{
	struct op_name first, other;
	uint32_t ref = 0, held = 0;
	struct rig r;
	int i, seen = 0, last = 6; /* some more after it */

	(void)state;
	setup(&r);
	assert_ok(mailbox_take(r.box, NULL, named, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	first = r.name;
	mailbox_give_back(r.box, ref);
	mailbox_give_back(r.box, ref); /* the second finds nothing */
	hand_on(&r);
	say(&r, OP_NAME_GIVE_BACK, ref);
	say(&r, OP_NAME_ISSUE, ref);
	poll(NULL, 0, 10);
	mailbox_on_readable(r.box); /* a session for nobody is the answer, and has no owner */
	/* Two uploads at once never share one. */
	r.calls = 0;
	for (i = 0; i < LIMIT_CODENAME_POOL && last > 0; i++) {
		assert_ok(mailbox_take(r.box, NULL, named, &r, &held));
		pump(&r, (unsigned)i + 1);
		assert_ok(r.e);
		if (i > 0)
			assert_memory_not_equal(
			    other.mailbox, r.name.mailbox, sizeof other.mailbox);
		other = r.name;
		seen += memcmp(first.mailbox, r.name.mailbox, sizeof first.mailbox) == 0;
		last -= seen > 0;
	}
	assert_int_equal(seen, 1);
	teardown(&r);
}

/* A form that stayed open works again after a new sign-in, and in no other mailbox. */
static void
a_form_outlives_its_session(void **state)
{
	uint8_t first[sizeof((struct op_session_is){0}.form_key)];
	char words[CODENAME_TEXT_MAX];
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	drop_something(&r);
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	memcpy(first, r.is.form_key, sizeof first);
	memcpy(words, r.is.codename, sizeof words);
	mailbox_sign_out(r.box, r.session.token);
	assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	pump(&r, 2);
	assert_ok(r.e);
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	pump(&r, 3);
	assert_ok(r.e);
	assert_memory_equal(first, r.is.form_key, sizeof first);

	drop_something(&r);
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	pump(&r, 1);
	assert_memory_not_equal(first, r.is.form_key, sizeof first);
	teardown(&r);

	/* Another process gives the same mailbox another key: the codename alone makes none. */
	setup(&r);
	assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	pump(&r, 2);
	assert_memory_not_equal(first, r.is.form_key, sizeof first);
	teardown(&r);
}

static void
no_session_no_answer(void **state)
{
	char token[OP_TOKEN_LEN + 1], id[RANDOM_ID_LEN + 1];
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	drop_something(&r);
	strcpy(token, r.session.token);
	mailbox_sign_out(r.box, token);
	assert_ok(mailbox_look(r.box, token, looked, &r, &ref));
	pump(&r, 1);
	assert_err(r.e, ERR_NOTFOUND);
	assert_ok(mailbox_read(r.box, token, text, &r, &ref));
	pump(&r, 2);
	assert_err(r.e, ERR_NOTFOUND);
	random_id(id);
	assert_ok(mailbox_remove(r.box, token, id, done, &r, &ref));
	pump(&r, 3);
	assert_err(r.e, ERR_NOTFOUND);
	assert_ok(mailbox_take(r.box, token, named, &r, &ref));
	pump(&r, 4);
	assert_err(r.e, ERR_NOTFOUND);
	assert_int_equal(r.removed, 0);
	assert_err(mailbox_look(r.box, "short", looked, &r, &ref), ERR_NOTFOUND);
	teardown(&r);
}

/* Messages that the op table lets through but nobody sane would send. */
static void
nonsense_does_no_harm(void **state)
{
	static const uint32_t ops[] = {OP_NAME_TAKE, OP_NAME_ISSUE, OP_NAME_DROP, OP_NAME_GIVE_BACK,
	    OP_SIGN_IN, OP_LOOK, OP_SIGN_OUT, OP_READ, OP_READ_MORE, OP_REMOVE};
	struct wire_msg m;
	struct rig r;
	unsigned i, n;

	(void)state;
	setup(&r);
	io_close(&r.sock);
	for (i = 0; i < 3000; i++) {
		int ends[2];

		memset(&m, 0, sizeof m);
		harness_fill(m.body, sizeof m.body, i);
		m.op = ops[i % (sizeof ops / sizeof *ops)];
		m.ref = i % 7;
		m.fd = -1;
		m.len = (uint32_t)op_rule(m.op)->max;
		assert_ok(wire_pair(ends));
		r.sock = ends[0];
		desk_from_front(r.desk, &m);
		for (n = 0; n < 2; n++)
			io_close(&ends[n]);
		r.sock = -1;
		if (m.op == OP_NAME_TAKE)
			desk_front_lost(r.desk);
	}
	teardown(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_codename_on_the_receipt_opens_the_mailbox),
	    cmocka_unit_test(a_codename_that_nobody_saw_goes_back),
	    cmocka_unit_test(a_form_outlives_its_session),
	    cmocka_unit_test(no_session_no_answer),
	    cmocka_unit_test(nonsense_does_no_harm),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/desk", tests, NULL, NULL);
}
