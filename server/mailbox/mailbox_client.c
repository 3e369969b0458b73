#include "mailbox/mailbox.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/io.h"
#include "base/limits.h"
#include "wire/wire.h"

/*
 * front's end of the socketpair. What doesn't fit into the socket stays due in
 * its slot, as in store_client.c: nothing waits, nothing grows.
 */
#define N_SLOTS (LIMIT_IN_FLIGHT_MAX + LIMIT_MAILBOX_CALLS)

enum slot_state {
	SLOT_FREE,
	SLOT_DUE,  /* its message has to be sent still */
	SLOT_SENT, /* waits for the answer */
	SLOT_HELD, /* an upload that has its codename */
};

struct slot {
	enum slot_state state;
	bool is_upload; /* the mailbox holds a codename under this ref */
	bool is_last;   /* free it once its message is sent: nobody waits for an answer */
	uint32_t ref;
	enum op op; /* the message that is due or answered next */
	uint8_t *body;
	size_t len;
	void *ctx;
	union {
		mailbox_named *named;
		mailbox_session *session;
		mailbox_looked *looked;
		mailbox_text *text;
		mailbox_done *done;
	} cb;
};

struct mailbox {
	int sock;
	int epoll; /* holds sock: what the event loop waits for */
	bool is_blocked;
	uint32_t generation;
	struct slot slots[N_SLOTS];
};

static struct slot *
find(struct mailbox *m, uint32_t ref)
{
	struct slot *s = &m->slots[(ref - 1) % N_SLOTS];

	return ref != 0 && s->ref == ref && s->state != SLOT_FREE ? s : NULL;
}

static void
drop_body(struct slot *s)
{
	if (s->body != NULL)
		explicit_bzero(s->body, s->len);
	free(s->body);
	s->body = NULL;
	s->len = 0;
}

static void
release(struct slot *s)
{
	drop_body(s);
	*s = (struct slot){.state = SLOT_FREE};
}

static enum err
set_body(struct slot *s, const void *p, size_t n)
{
	drop_body(s);
	if (n == 0)
		return ERR_OK;
	if ((s->body = malloc(n)) == NULL)
		return ERR_NOMEM;
	memcpy(s->body, p, n);
	s->len = n;
	return ERR_OK;
}

static enum err
attach(struct mailbox *m, int sock)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int epoll;

	if ((epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return ERR_SYS;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, sock, &ev) == -1) {
		io_close(&epoll);
		return ERR_SYS;
	}
	m->sock = sock;
	m->epoll = epoll;
	m->is_blocked = false;
	return ERR_OK;
}

enum err
mailbox_new(int sock, struct mailbox **out)
{
	struct mailbox *m = calloc(1, sizeof *m);
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if ((e = attach(m, sock)) != ERR_OK)
		free(m);
	else
		*out = m;
	return e;
}

/* Tells whoever waits behind this slot that its answer won't come. The slot is free before. */
static void
fail(struct slot *s, enum err e)
{
	static const struct op_session none;
	struct slot was = *s;

	s->body = NULL;
	release(s);
	drop_body(&was);
	if (was.is_last || was.state == SLOT_HELD)
		return;
	switch ((int)was.op) {
	case OP_NAME_TAKE: was.cb.named(was.ctx, e, NULL); break;
	case OP_NAME_ISSUE:
	case OP_SIGN_IN: was.cb.session(was.ctx, e, &none); break;
	case OP_LOOK: was.cb.looked(was.ctx, e, NULL); break;
	case OP_READ:
	case OP_READ_MORE: was.cb.text(was.ctx, e, NULL, NULL, 0); break;
	case OP_REMOVE: was.cb.done(was.ctx, e); break;
	}
}

static void
lose_all(struct mailbox *m)
{
	size_t i;

	io_close(&m->epoll);
	io_close(&m->sock);
	for (i = 0; i < N_SLOTS; i++)
		if (m->slots[i].state != SLOT_FREE)
			fail(&m->slots[i], ERR_CLOSED);
}

enum err
mailbox_reconnect(struct mailbox *m, int sock)
{
	lose_all(m);
	return attach(m, sock);
}

void
mailbox_free(struct mailbox *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < N_SLOTS; i++)
		release(&m->slots[i]);
	io_close(&m->epoll);
	io_close(&m->sock);
	free(m);
}

int
mailbox_fd(const struct mailbox *m)
{
	return m->epoll;
}

static void
watch_for_room(struct mailbox *m, bool is_blocked)
{
	struct epoll_event ev = {.events = is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN};

	if (m->is_blocked == is_blocked)
		return;
	m->is_blocked = is_blocked;
	if (epoll_ctl(m->epoll, EPOLL_CTL_MOD, m->sock, &ev) == -1)
		lose_all(m);
}

/* Sends what is due in a slot, if the socket takes it. */
static enum err
send_slot(struct mailbox *m, struct slot *s)
{
	enum err e;

	if (m->sock == -1)
		return ERR_CLOSED;
	e = wire_send(m->sock, s->op, s->ref, ERR_OK, s->body, s->len, -1);
	if (e == ERR_AGAIN) {
		watch_for_room(m, true);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	drop_body(s);
	if (s->is_last)
		release(s);
	else
		s->state = SLOT_SENT;
	return ERR_OK;
}

static void
send_due(struct mailbox *m)
{
	size_t i;

	watch_for_room(m, false);
	for (i = 0; i < N_SLOTS && m->sock != -1 && !m->is_blocked; i++)
		if (m->slots[i].state == SLOT_DUE && send_slot(m, &m->slots[i]) != ERR_OK)
			lose_all(m);
}

/* A free slot with a new ref. Uploads may take any, other calls leave room for uploads. */
static struct slot *
take_slot(struct mailbox *m, bool is_upload)
{
	size_t i, max = is_upload ? N_SLOTS : LIMIT_MAILBOX_CALLS;
	struct slot *s;

	for (i = 0; i < max; i++) {
		s = &m->slots[N_SLOTS - 1 - i];
		if (s->state != SLOT_FREE)
			continue;
		if (++m->generation > UINT32_MAX / N_SLOTS - 1)
			m->generation = 1;
		*s = (struct slot){.state = SLOT_DUE, .is_upload = is_upload};
		s->ref = m->generation * N_SLOTS + (uint32_t)(N_SLOTS - 1 - i) + 1;
		return s;
	}
	return NULL;
}

/* Sends a prepared call; on failure the slot is free again and no callback comes. */
static enum err
begin(struct mailbox *m, struct slot *s, const void *body, size_t len, uint32_t *ref)
{
	uint32_t mine = s->ref;
	enum err e;

	if ((e = set_body(s, body, len)) != ERR_OK || (e = send_slot(m, s)) != ERR_OK)
		release(s);
	else if (ref != NULL)
		*ref = mine;
	return e;
}

/* ---- the verbs */

static enum err
copy_token(char out[static OP_TOKEN_LEN + 1], const char *token)
{
	if (strnlen(token, OP_TOKEN_LEN + 1) != OP_TOKEN_LEN)
		return ERR_NOTFOUND;
	memcpy(out, token, OP_TOKEN_LEN + 1);
	return ERR_OK;
}

enum err
mailbox_take(struct mailbox *m, const char *token, mailbox_named *cb, void *ctx, uint32_t *ref)
{
	struct op_token body = {0};
	struct slot *s;
	enum err e;

	if (m->sock == -1)
		return ERR_CLOSED;
	if (token != NULL && (e = copy_token(body.token, token)) != ERR_OK)
		return e;
	if ((s = take_slot(m, true)) == NULL)
		return ERR_BUSY;
	s->op = OP_NAME_TAKE;
	s->cb.named = cb;
	s->ctx = ctx;
	e = begin(m, s, &body, token == NULL ? 0 : sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_issue(struct mailbox *m, uint32_t ref, mailbox_session *cb, void *ctx)
{
	struct slot *s = find(m, ref);

	if (m->sock == -1)
		return ERR_CLOSED;
	if (s == NULL || s->state != SLOT_HELD)
		return ERR_STATE;
	s->state = SLOT_DUE;
	s->op = OP_NAME_ISSUE;
	s->cb.session = cb;
	s->ctx = ctx;
	return begin(m, s, NULL, 0, NULL);
}

void
mailbox_drop(struct mailbox *m, uint32_t ref)
{
	struct slot *s = find(m, ref);

	if (s == NULL || m->sock == -1)
		return;
	/* Not even asked for: nothing to forget over there. */
	if (s->state == SLOT_DUE && s->op == OP_NAME_TAKE) {
		release(s);
		return;
	}
	s->state = SLOT_DUE;
	s->op = OP_NAME_DROP;
	s->is_last = true;
	drop_body(s);
	if (send_slot(m, s) != ERR_OK)
		release(s);
}

static struct slot *
take_call(struct mailbox *m, enum op op, void *ctx)
{
	struct slot *s = take_slot(m, false);

	if (s != NULL) {
		s->op = op;
		s->ctx = ctx;
	}
	return s;
}

enum err
mailbox_sign_in(
    struct mailbox *m, const char *text, size_t len, mailbox_session *cb, void *ctx, uint32_t *ref)
{
	struct slot *s;

	if (m->sock == -1)
		return ERR_CLOSED;
	if (len > LIMIT_FIELD)
		return ERR_LIMIT;
	if ((s = take_call(m, OP_SIGN_IN, ctx)) == NULL)
		return ERR_BUSY;
	s->cb.session = cb;
	return begin(m, s, text, len, ref);
}

/* The calls that are about one token. Fills in the slot but for its callback. */
static enum err
prepare(struct mailbox *m, enum op op, const char *token, struct op_token *body, struct slot **out)
{
	enum err e;

	if (m->sock == -1)
		return ERR_CLOSED;
	if ((e = copy_token(body->token, token)) != ERR_OK)
		return e;
	if ((*out = take_call(m, op, NULL)) == NULL)
		return ERR_BUSY;
	return ERR_OK;
}

enum err
mailbox_look(struct mailbox *m, const char *token, mailbox_looked *cb, void *ctx, uint32_t *ref)
{
	struct op_token body;
	struct slot *s;
	enum err e;

	if ((e = prepare(m, OP_LOOK, token, &body, &s)) != ERR_OK)
		return e;
	s->cb.looked = cb;
	s->ctx = ctx;
	e = begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_read(struct mailbox *m, const char *token, mailbox_text *cb, void *ctx, uint32_t *ref)
{
	struct op_token body;
	struct slot *s;
	enum err e;

	if ((e = prepare(m, OP_READ, token, &body, &s)) != ERR_OK)
		return e;
	s->cb.text = cb;
	s->ctx = ctx;
	e = begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_remove(struct mailbox *m, const char *token, const char *id, mailbox_done *cb, void *ctx,
    uint32_t *ref)
{
	struct op_remove body = {0};
	struct op_token t;
	struct slot *s;
	enum err e;

	if (strnlen(id, RANDOM_ID_LEN + 1) != RANDOM_ID_LEN)
		return ERR_FORMAT;
	if ((e = prepare(m, OP_REMOVE, token, &t, &s)) != ERR_OK)
		return e;
	s->cb.done = cb;
	s->ctx = ctx;
	memcpy(body.token, t.token, sizeof body.token);
	memcpy(body.id, id, RANDOM_ID_LEN);
	e = begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	explicit_bzero(&t, sizeof t);
	return e;
}

void
mailbox_sign_out(struct mailbox *m, const char *token)
{
	struct op_token body;
	struct slot *s;

	if (prepare(m, OP_SIGN_OUT, token, &body, &s) != ERR_OK)
		return;
	s->is_last = true;
	/* If it can't be sent the process is gone, and the session with it. */
	if (begin(m, s, &body, sizeof body, NULL) != ERR_OK)
		lose_all(m);
	explicit_bzero(&body, sizeof body);
}

void
mailbox_cancel(struct mailbox *m, uint32_t ref)
{
	struct slot *s = find(m, ref);

	if (s == NULL)
		return;
	if (s->is_upload)
		mailbox_drop(m, ref);
	else
		release(s);
}

/* ---- answers */

static void
on_name(struct slot *s, enum err e, const struct wire_msg *msg)
{
	struct slot was = *s;

	if (e == ERR_OK)
		s->state = SLOT_HELD;
	else
		release(s);
	was.cb.named(was.ctx, e, e == ERR_OK ? (const void *)msg->body : NULL);
}

static void
on_session(struct slot *s, enum err e, const struct wire_msg *msg)
{
	struct slot was = *s;

	release(s);
	was.cb.session(was.ctx, e, (const void *)msg->body);
}

static void
on_looked(struct slot *s, enum err e, const struct wire_msg *msg)
{
	struct slot was = *s;

	release(s);
	was.cb.looked(was.ctx, e, e == ERR_OK ? (const void *)msg->body : NULL);
}

/* A piece came: hand it on and ask for the next, unless the callback has given up. */
static void
on_text(struct mailbox *m, struct slot *s, enum err e, const struct wire_msg *msg)
{
	const size_t head = sizeof(struct op_text);
	struct slot was = *s;

	if (e != ERR_OK || msg->len <= head) {
		release(s);
		was.cb.text(was.ctx, e, NULL, NULL, 0);
		return;
	}
	was.cb.text(was.ctx, ERR_OK, (const void *)msg->body, (const char *)msg->body + head,
	    msg->len - head);
	if ((s = find(m, was.ref)) == NULL)
		return;
	s->state = SLOT_DUE;
	s->op = OP_READ_MORE;
	if (send_slot(m, s) != ERR_OK)
		fail(s, ERR_CLOSED);
}

static void
on_removed(struct slot *s, enum err e)
{
	struct slot was = *s;

	release(s);
	was.cb.done(was.ctx, e);
}

/* Does this answer belong to what the slot asked? Late answers to cancelled calls find no slot. */
static bool
fits(const struct slot *s, uint32_t op)
{
	switch ((int)s->op) {
	case OP_NAME_TAKE: return op == OP_NAME;
	case OP_NAME_ISSUE:
	case OP_SIGN_IN: return op == OP_SESSION;
	case OP_LOOK: return op == OP_SESSION_IS;
	case OP_READ:
	case OP_READ_MORE: return op == OP_TEXT;
	case OP_REMOVE: return op == OP_REMOVED;
	}
	return false;
}

/* The table bounds lengths; an answer that says ERR_OK must be whole. */
static bool
is_whole(const struct wire_msg *msg)
{
	if (msg->err != ERR_OK)
		return true;
	return (msg->op != OP_NAME || msg->len == sizeof(struct op_name)) &&
	       (msg->op != OP_SESSION_IS || msg->len == sizeof(struct op_session_is));
}

static void
dispatch(struct mailbox *m, const struct wire_msg *msg)
{
	struct slot *s = find(m, msg->ref);
	enum err e = (enum err)msg->err;

	if (s == NULL || s->state != SLOT_SENT || !fits(s, msg->op))
		return;
	switch ((int)msg->op) {
	case OP_NAME: on_name(s, e, msg); break;
	case OP_SESSION: on_session(s, e, msg); break;
	case OP_SESSION_IS: on_looked(s, e, msg); break;
	case OP_TEXT: on_text(m, s, e, msg); break;
	case OP_REMOVED: on_removed(s, e); break;
	}
}

void
mailbox_on_readable(struct mailbox *m)
{
	struct wire_msg msg;
	enum err e = ERR_OK;

	if (m->sock == -1)
		return;
	if (m->is_blocked)
		send_due(m);
	while (
	    m->sock != -1 && (e = wire_recv(m->sock, ROLE_MAILBOX, ROLE_FRONT, &msg)) == ERR_OK) {
		if (is_whole(&msg))
			dispatch(m, &msg);
		io_close(&msg.fd);
		explicit_bzero(&msg, sizeof msg);
	}
	if (m->sock != -1 && e != ERR_AGAIN)
		lose_all(m);
}
