#include "harness.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "mailbox/codename.h"
#include "mailbox/deriver.h"
#include "mailbox/desk.h"
#include "mailbox/mailbox.h"
#include "open/identity.h"
#include "carry/reply.h"

/* For a loaded machine, or valgrind, under which each Argon2id takes seconds. meson ends a test
 * that hangs. */
#define PATIENCE_MS 600000
#define INSTANCE    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"

/* A desk and front's client of it over a real socketpair; this file plays store. */
struct rig {
	struct desk *desk;
	struct mailbox *box;
	int sock; /* the desk's end */
	bool has_store;
	struct buf items; /* what store would send */
	unsigned removed;
	/* what the callbacks saw */
	unsigned calls;
	enum err e;
	struct op_name name;
	struct op_session session;
	struct op_session_is is;
	struct buf text;
	unsigned ends, busy;
	enum err store_says;
};

static void
to_front(void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	struct rig *r = ctx;

	assert_ok(wire_send(r->sock, op, ref, e, body, len, -1));
}

static enum err
to_store(void *ctx, enum op op, uint32_t ref, const void *body, size_t len)
{
	struct rig *r = ctx;
	struct wire_msg m = {.ref = ref, .fd = -1};

	(void)body;
	if (!r->has_store)
		return ERR_CLOSED;
	if (op == OP_REPLIES_REMOVE) {
		assert_int_equal(len, sizeof(struct op_reply_remove));
		r->removed++;
		m.op = OP_REPLIES_REMOVED;
	} else {
		assert_int_equal(len, sizeof(struct op_mailbox));
		m.op = OP_REPLIES;
		m.err = (int32_t)r->store_says;
		if (r->store_says == ERR_OK)
			assert_ok(wire_memfd(r->items.p, r->items.len, &m.fd));
	}
	desk_from_store(r->desk, &m);
	io_close(&m.fd);
	return ERR_OK;
}

static void
setup(struct rig *r)
{
	struct desk_lines lines = {r, to_front, to_store};
	int ends[2];

	memset(r, 0, sizeof *r);
	r->has_store = true;
	buf_init(&r->items, 1 << 20);
	buf_init(&r->text, 1 << 20);
	assert_ok(wire_pair(ends));
	r->sock = ends[0];
	assert_ok(mailbox_new(ends[1], &r->box));
	assert_ok(desk_new(2, LIMIT_CODENAME_POOL, INSTANCE, &lines, &r->desk));
}

static void
teardown(struct rig *r)
{
	mailbox_free(r->box);
	desk_free(r->desk);
	io_close(&r->sock);
	buf_wipe(&r->items);
	buf_wipe(&r->text);
}

/* Moves messages until n callbacks have come. */
static void
pump(struct rig *r, unsigned n)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	struct wire_msg m;

	while (r->calls < n && clock_mono_ms() < end) {
		struct pollfd p[] = {{r->sock, POLLIN, 0}, {mailbox_fd(r->box), POLLIN, 0},
		    {desk_fd(r->desk), POLLIN, 0}};

		poll(p, 3, 100);
		while (wire_recv(r->sock, ROLE_FRONT, ROLE_MAILBOX, &m) == ERR_OK)
			desk_from_front(r->desk, &m);
		desk_on_ready(r->desk);
		mailbox_on_readable(r->box);
	}
	assert_int_equal(r->calls, n);
}

static void
named(void *ctx, enum err e, const struct op_name *n)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	if (n != NULL)
		r->name = *n;
}

static void
session(void *ctx, enum err e, const struct op_session *s)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	r->busy += e == ERR_BUSY;
	r->session = *s;
}

static void
looked(void *ctx, enum err e, const struct op_session_is *s)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	if (s != NULL)
		r->is = *s;
}

static void
text(void *ctx, enum err e, const struct op_text *head, const char *piece, size_t n)
{
	struct rig *r = ctx;

	r->e = e;
	if (head == NULL) {
		r->calls++;
		r->ends++;
		return;
	}
	assert_ok(buf_add(&r->text, piece, n));
}

static void
done(void *ctx, enum err e)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
}

/* A source's first upload, up to the token of its session. */
static void
drop_something(struct rig *r)
{
	uint32_t ref = 0;

	r->calls = 0;
	assert_ok(mailbox_take(r->box, NULL, named, r, &ref));
	pump(r, 1);
	assert_ok(r->e);
	assert_ok(mailbox_issue(r->box, ref, session, r));
	pump(r, 2);
	assert_ok(r->e);
	assert_int_equal(strlen(r->session.token), OP_TOKEN_LEN);
	r->calls = 0;
}

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

static void
a_typo_costs_nothing_and_is_named(void **state)
{
	static const char typed[] = "abacus zzzz abacus";
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	assert_ok(mailbox_sign_in(r.box, typed, strlen(typed), session, &r, &ref));
	pump(&r, 1);
	assert_err(r.e, ERR_FORMAT);
	assert_int_equal(r.session.fault, CODENAME_UNKNOWN_WORD);
	assert_int_equal(r.session.word, 2);
	assert_string_equal(r.session.token, "");
	teardown(&r);
}

static void
seal_reply(struct rig *r, const char *words)
{
	const struct reply reply = {20517, words, strlen(words)};
	struct op_reply_item head;
	uint8_t to[1][AGE_KEY];
	struct buf plain, sealed;

	buf_init(&plain, LIMIT_REPLY);
	buf_init(&sealed, LIMIT_REPLY);
	assert_ok(reply_format(&reply, &plain));
	memcpy(to[0], r->name.reply_to, AGE_KEY);
	assert_ok(identity_seal((const uint8_t(*)[AGE_KEY])to, 1, plain.p, plain.len, &sealed));
	memset(&head, 0, sizeof head);
	random_id(head.id);
	head.size = (uint32_t)sealed.len;
	assert_ok(buf_add(&r->items, &head, sizeof head));
	assert_ok(buf_add(&r->items, sealed.p, sealed.len));
	buf_wipe(&plain);
	buf_wipe(&sealed);
}

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

/* Hands on what front has asked, without waiting for answers. */
static void
hand_on(struct rig *r)
{
	struct wire_msg m;
	unsigned n = 0;

	while (wire_recv(r->sock, ROLE_FRONT, ROLE_MAILBOX, &m) == ERR_OK) {
		desk_from_front(r->desk, &m);
		n++;
	}
	assert_true(n > 0);
}

/* Another front on a new socket, which counts its refs from the start. */
static void
restart_front(struct rig *r)
{
	int ends[2];

	mailbox_free(r->box);
	io_close(&r->sock);
	desk_front_lost(r->desk);
	assert_ok(wire_pair(ends));
	r->sock = ends[0];
	assert_ok(mailbox_new(ends[1], &r->box));
}

/* Sign-ins queued, being worked on and done when front dies: none may answer another source's. */
static void
a_new_front_gets_no_old_sign_in(void **state)
{
	char words[CODENAME_TEXT_MAX];
	struct codename_keys mine;
	struct codename c;
	struct rig r;
	uint32_t ref, old_ref;
	int i;

	(void)state;
	setup(&r);
	codename_new(&c);
	codename_format(words, &c);
	for (i = 0; i < 6; i++)
		assert_ok(mailbox_sign_in(
		    r.box, words, strlen(words), session, &r, i == 0 ? &old_ref : &ref));
	hand_on(&r);
	/* By then some are done and not fetched, some wait (on a slow machine all do). */
	poll(NULL, 0, 300);
	restart_front(&r);

	codename_new(&c);
	codename_format(words, &c);
	assert_ok(codename_derive(&mine, &c, INSTANCE));
	assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	assert_int_equal(ref, old_ref);
	hand_on(&r);
	pump(&r, 1);
	assert_ok(r.e);
	assert_ok(mailbox_take(r.box, r.session.token, named, &r, &ref));
	pump(&r, 2);
	assert_ok(r.e);
	assert_memory_equal(r.name.mailbox, mine.mailbox, sizeof mine.mailbox);
	teardown(&r);
}

/* More sign-ins than places: the rest is told to wait, nobody is forgotten. */
static void
the_queue_is_bounded(void **state)
{
	struct codename c;
	char words[CODENAME_TEXT_MAX];
	unsigned i, asked = LIMIT_SIGN_IN_WAITING + 20;
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	codename_new(&c);
	codename_format(words, &c);
	for (i = 0; i < asked; i++)
		assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	pump(&r, asked);
	/* How many the workers took meanwhile the machine decides. */
	assert_in_range(r.busy, 1, asked - LIMIT_SIGN_IN_WAITING);
	teardown(&r);
}

struct tally {
	unsigned done, busy;
};

static void
tally(void *ctx, uint32_t ref, enum err e, const struct codename_keys *keys)
{
	struct tally *t = ctx;

	(void)ref;
	(void)keys;
	t->done++;
	t->busy += e == ERR_BUSY;
}

/* Until the pool has got `n` more; each is announced, and the counter adds up. */
static void
wait_for_fresh(const struct deriver *d, unsigned n)
{
	struct pollfd p = {.fd = deriver_fd(d), .events = POLLIN};
	uint64_t more, sum;

	for (sum = 0; sum < n; sum += more) {
		assert_int_equal(poll(&p, 1, 90000), 1);
		assert_int_equal(read(p.fd, &more, sizeof more), sizeof more);
	}
	assert_int_equal(sum, n);
}

/* Whose turn doesn't come is told, once, and not before it is time. */
static void
nobody_waits_for_ever(void **state)
{
	struct tally t = {0, 0};
	const struct deriver_events events = {&t, tally};
	const unsigned asked = 20;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	struct deriver *d = NULL;
	struct codename c;
	struct pollfd p = {.events = POLLIN};
	uint32_t i;

	(void)state;
	codename_new(&c);
	assert_ok(deriver_new(1, LIMIT_CODENAME_POOL, INSTANCE, &events, &d));
	for (i = 1; i <= asked; i++)
		assert_ok(deriver_sign_in(d, i, &c, 1000));
	assert_true(deriver_sweep(d, 1000 + LIMIT_SIGN_IN_MS));
	deriver_on_readable(d);
	assert_int_equal(t.busy, 0);
	assert_false(deriver_sweep(d, 1001 + LIMIT_SIGN_IN_MS));
	p.fd = deriver_fd(d);
	while (t.done < asked && clock_mono_ms() < end) {
		poll(&p, 1, 100);
		deriver_on_readable(d);
	}
	assert_int_equal(t.done, asked);
	assert_in_range(t.busy, 1, asked);
	deriver_free(d);
}

/* What a full house takes brings no Argon2id yet; what it takes after that is refilled, all of it.
 */
static void
a_crowd_takes_half_the_pool_in_peace(void **state)
{
	const unsigned at_once = 2;
	struct tally t = {0, 0};
	const struct deriver_events events = {&t, tally};
	struct deriver *d = NULL;
	struct deriver_fresh f;
	struct pollfd p = {.events = POLLIN};
	unsigned i;

	(void)state;
	assert_ok(deriver_new(1, at_once, INSTANCE, &events, &d));
	p.fd = deriver_fd(d);
	wait_for_fresh(d, 2 * at_once);
	for (i = 0; i < at_once; i++)
		assert_ok(deriver_take(d, &f));
	assert_int_equal(poll(&p, 1, 3000), 0); /* a refill takes 0.1 s, with low priority */
	assert_ok(deriver_take(d, &f));
	wait_for_fresh(d, at_once + 1);
	for (i = 0; i < 2 * at_once; i++)
		assert_ok(deriver_take(d, &f));
	deriver_free(d);
	explicit_bzero(&f, sizeof f);
}

static void
say(struct rig *r, enum op op, uint32_t ref)
{
	struct wire_msg m = {.op = op, .ref = ref, .fd = -1};

	desk_from_front(r->desk, &m);
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
	    cmocka_unit_test(a_typo_costs_nothing_and_is_named),
	    cmocka_unit_test(a_crowd_takes_half_the_pool_in_peace),
	    cmocka_unit_test(a_codename_that_nobody_saw_goes_back),
	    cmocka_unit_test(replies_are_read_and_removed),
	    cmocka_unit_test(a_form_outlives_its_session),
	    cmocka_unit_test(no_session_no_answer),
	    cmocka_unit_test(a_lost_store_or_mailbox_is_told),
	    cmocka_unit_test(a_new_front_gets_no_old_sign_in),
	    cmocka_unit_test(the_queue_is_bounded),
	    cmocka_unit_test(nobody_waits_for_ever),
	    cmocka_unit_test(a_store_that_fails_takes_no_place),
	    cmocka_unit_test(an_answer_to_nobody_goes_nowhere),
	    cmocka_unit_test(nonsense_does_no_harm),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/desk", tests, NULL, NULL);
}
