#ifndef SEALSLOT_TEST_MAILBOX_DESK_RIG_H
#define SEALSLOT_TEST_MAILBOX_DESK_RIG_H

/* A desk between a front that asks and a store that the test plays. */
#include "harness.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "carry/reply.h"
#include "mailbox/codename.h"
#include "mailbox/desk.h"
#include "mailbox/mailbox.h"
#include "open/identity.h"

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

static inline void
to_front(void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	struct rig *r = ctx;

	assert_ok(wire_send(r->sock, op, ref, e, body, len, -1));
}

static inline enum err
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

static inline void
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

static inline void
teardown(struct rig *r)
{
	mailbox_free(r->box);
	desk_free(r->desk);
	io_close(&r->sock);
	buf_wipe(&r->items);
	buf_wipe(&r->text);
}

/* Moves messages until n callbacks have come. */
static inline void
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

/* Hands on what front has asked, without waiting for answers. */
static inline void
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

static inline void
say(struct rig *r, enum op op, uint32_t ref)
{
	struct wire_msg m = {.op = op, .ref = ref, .fd = -1};

	desk_from_front(r->desk, &m);
}

/* ---- what front hears */

static inline void
named(void *ctx, enum err e, const struct op_name *n)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	if (n != NULL)
		r->name = *n;
}

static inline void
session(void *ctx, enum err e, const struct op_session *s)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	r->busy += e == ERR_BUSY;
	r->session = *s;
}

static inline void
looked(void *ctx, enum err e, const struct op_session_is *s)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
	if (s != NULL)
		r->is = *s;
}

static inline void
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

static inline void
done(void *ctx, enum err e)
{
	struct rig *r = ctx;

	r->calls++;
	r->e = e;
}

/* ---- what a source did before */

/* A source's first upload, up to the token of its session. */
static inline void
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

static inline void
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

#endif
