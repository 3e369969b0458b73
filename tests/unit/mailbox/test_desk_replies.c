#include "desk_rig.h"

/* Replies, and a store that fails, lies or is lost. */

static void
replies_are_read_and_removed(void **state)
{
	char id[RANDOM_ID_LEN + 1];
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	drop_something(&r);
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	pump(&r, 1);
	assert_ok(r.e);
	assert_int_equal(r.text.len, 0); /* none yet: the same way, an empty end */
	seal_reply(&r, "Merci. ");
	seal_reply(&r, "Et encore.");
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	pump(&r, 2);
	assert_ok(r.e);
	assert_string_equal(buf_cstr(&r.text), "Merci. Et encore.");
	random_id(id);
	assert_ok(mailbox_remove(r.box, r.session.token, id, done, &r, &ref));
	pump(&r, 3);
	assert_ok(r.e);
	assert_int_equal(r.removed, 1);
	teardown(&r);
}

static void
a_lost_store_or_mailbox_is_told(void **state)
{
	struct pollfd p = {.events = POLLIN};
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	drop_something(&r);
	r.has_store = false;
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	pump(&r, 1);
	assert_err(r.e, ERR_CLOSED);
	/* The process dies with a call under way. */
	assert_ok(mailbox_look(r.box, r.session.token, looked, &r, &ref));
	io_close(&r.sock);
	mailbox_on_readable(r.box);
	assert_int_equal(r.calls, 2);
	assert_err(r.e, ERR_CLOSED);
	p.fd = mailbox_fd(r.box);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_err(mailbox_take(r.box, NULL, named, &r, &ref), ERR_CLOSED);
	teardown(&r);
}

/* More failures than there are places: each gives its place back. */
static void
a_store_that_fails_takes_no_place(void **state)
{
	struct rig r;
	uint32_t ref;
	unsigned i;

	(void)state;
	setup(&r);
	drop_something(&r);
	for (i = 0; i < 2 * LIMIT_VIEWS + 2; i++) {
		r.has_store = i % 2 == 0;
		r.store_says = ERR_SYS;
		assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
		pump(&r, i + 1);
		assert_err(r.e, r.has_store ? ERR_SYS : ERR_CLOSED);
	}
	r.has_store = true;
	/* To front it would be that the session is over. */
	r.store_says = ERR_NOTFOUND;
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	pump(&r, ++i);
	assert_err(r.e, ERR_SYS);
	r.store_says = ERR_OK;
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	pump(&r, i + 1);
	assert_ok(r.e);
	teardown(&r);
}

/* A store that answers what nobody asked, or twice: front hears nothing of it. */
static void
an_answer_to_nobody_goes_nowhere(void **state)
{
	struct wire_msg m = {.op = OP_REPLIES, .fd = -1}, heard;
	struct rig r;
	uint32_t ref;
	int ends[2];

	(void)state;
	setup(&r);
	drop_something(&r);
	seal_reply(&r, "Merci.");
	assert_ok(mailbox_read(r.box, r.session.token, text, &r, &ref));
	hand_on(&r);
	/* From here on this test is front, which has the first piece. */
	assert_ok(wire_pair(ends));
	io_close(&r.sock);
	r.sock = ends[0];
	m.err = ERR_SYS;
	for (m.ref = ref; m.ref < ref + 5; m.ref++)
		desk_from_store(r.desk, &m);
	assert_err(wire_recv(ends[1], ROLE_MAILBOX, ROLE_FRONT, &heard), ERR_AGAIN);
	/* Nor did it end what is read. */
	say(&r, OP_READ_MORE, ref);
	assert_ok(wire_recv(ends[1], ROLE_MAILBOX, ROLE_FRONT, &heard));
	assert_int_equal(heard.op, OP_TEXT);
	assert_ok(heard.err);
	io_close(&ends[1]);
	teardown(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_read_and_removed),
	    cmocka_unit_test(a_lost_store_or_mailbox_is_told),
	    cmocka_unit_test(a_store_that_fails_takes_no_place),
	    cmocka_unit_test(an_answer_to_nobody_goes_nowhere),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/desk replies", tests, NULL, NULL);
}
