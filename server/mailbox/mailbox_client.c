#include "mailbox/mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/io.h"
#include "mailbox/call_answers.h"
#include "mailbox/calls.h"
#include "wire/wire.h"

enum err
mailbox_new(int sock, struct mailbox **out)
{
	struct mailbox *m = calloc(1, sizeof *m);
	enum err e = ERR_SYS;

	if (m == NULL)
		return ERR_NOMEM;
	m->sock = -1;
	if ((m->epoll = epoll_create1(EPOLL_CLOEXEC)) != -1)
		e = calls_attach(m, sock);
	if (e == ERR_OK)
		*out = m;
	else
		mailbox_free(m);
	return e;
}

enum err
mailbox_reconnect(struct mailbox *m, int sock)
{
	calls_lose_all(m);
	return calls_attach(m, sock);
}

void
mailbox_free(struct mailbox *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < CALLS_MAX; i++)
		calls_release(&m->calls[i]);
	io_close(&m->epoll);
	io_close(&m->sock);
	free(m);
}

int
mailbox_fd(const struct mailbox *m)
{
	return m->epoll;
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
	struct call *s;
	enum err e;

	if (m->sock == -1)
		return ERR_CLOSED;
	if (token != NULL && (e = copy_token(body.token, token)) != ERR_OK)
		return e;
	if ((s = calls_take(m, true)) == NULL)
		return ERR_BUSY;
	s->op = OP_NAME_TAKE;
	s->cb.named = cb;
	s->ctx = ctx;
	e = calls_begin(m, s, &body, token == NULL ? 0 : sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_issue(struct mailbox *m, uint32_t ref, mailbox_session *cb, void *ctx)
{
	struct call *s = calls_find(m, ref);

	if (m->sock == -1)
		return ERR_CLOSED;
	if (s == NULL || s->state != CALL_HELD)
		return ERR_STATE;
	s->state = CALL_DUE;
	s->op = OP_NAME_ISSUE;
	s->cb.session = cb;
	s->ctx = ctx;
	return calls_begin(m, s, NULL, 0, NULL);
}

static void
let_go(struct mailbox *m, uint32_t ref, enum op op)
{
	struct call *s = calls_find(m, ref);

	if (s == NULL || m->sock == -1)
		return;
	/* Not even asked for: nothing to forget over there. */
	if (s->state == CALL_DUE && s->op == OP_NAME_TAKE) {
		calls_release(s);
		return;
	}
	s->state = CALL_DUE;
	s->op = op;
	s->is_last = true;
	calls_drop_body(s);
	if (calls_send(m, s) != ERR_OK)
		calls_release(s);
}

void
mailbox_drop(struct mailbox *m, uint32_t ref)
{
	let_go(m, ref, OP_NAME_DROP);
}

void
mailbox_give_back(struct mailbox *m, uint32_t ref)
{
	let_go(m, ref, OP_NAME_GIVE_BACK);
}

static struct call *
take_call(struct mailbox *m, enum op op, void *ctx)
{
	struct call *s = calls_take(m, false);

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
	struct call *s;

	if (m->sock == -1)
		return ERR_CLOSED;
	if (len > LIMIT_FIELD)
		return ERR_LIMIT;
	if ((s = take_call(m, OP_SIGN_IN, ctx)) == NULL)
		return ERR_BUSY;
	s->cb.session = cb;
	return calls_begin(m, s, text, len, ref);
}

/* The calls that are about one token. Fills in the slot but for its callback. */
static enum err
prepare(struct mailbox *m, enum op op, const char *token, struct op_token *body, struct call **out)
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
	struct call *s;
	enum err e;

	if ((e = prepare(m, OP_LOOK, token, &body, &s)) != ERR_OK)
		return e;
	s->cb.looked = cb;
	s->ctx = ctx;
	e = calls_begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_read(struct mailbox *m, const char *token, mailbox_text *cb, void *ctx, uint32_t *ref)
{
	struct op_token body;
	struct call *s;
	enum err e;

	if ((e = prepare(m, OP_READ, token, &body, &s)) != ERR_OK)
		return e;
	s->cb.text = cb;
	s->ctx = ctx;
	e = calls_begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	return e;
}

enum err
mailbox_remove(struct mailbox *m, const char *token, const char *id, mailbox_done *cb, void *ctx,
    uint32_t *ref)
{
	struct op_remove body = {0};
	struct op_token t;
	struct call *s;
	enum err e;

	if (strnlen(id, RANDOM_ID_LEN + 1) != RANDOM_ID_LEN)
		return ERR_FORMAT;
	if ((e = prepare(m, OP_REMOVE, token, &t, &s)) != ERR_OK)
		return e;
	s->cb.done = cb;
	s->ctx = ctx;
	memcpy(body.token, t.token, sizeof body.token);
	memcpy(body.id, id, RANDOM_ID_LEN);
	e = calls_begin(m, s, &body, sizeof body, ref);
	explicit_bzero(&body, sizeof body);
	explicit_bzero(&t, sizeof t);
	return e;
}

void
mailbox_sign_out(struct mailbox *m, const char *token)
{
	struct op_token body;
	struct call *s;

	if (prepare(m, OP_SIGN_OUT, token, &body, &s) != ERR_OK)
		return;
	s->is_last = true;
	/* If it can't be sent the process is gone, and the session with it. */
	if (calls_begin(m, s, &body, sizeof body, NULL) != ERR_OK)
		calls_lose_all(m);
	explicit_bzero(&body, sizeof body);
}

void
mailbox_cancel(struct mailbox *m, uint32_t ref)
{
	struct call *s = calls_find(m, ref);

	if (s == NULL)
		return;
	if (s->is_upload)
		mailbox_drop(m, ref);
	else
		calls_release(s);
}

/* ---- the socket */

void
mailbox_on_readable(struct mailbox *m)
{
	struct wire_msg msg;
	enum err e = ERR_OK;

	if (m->sock == -1)
		return;
	if (m->is_blocked)
		calls_send_due(m);
	while (
	    m->sock != -1 && (e = wire_recv(m->sock, ROLE_MAILBOX, ROLE_FRONT, &msg)) == ERR_OK) {
		call_answers_take(m, &msg);
		io_close(&msg.fd);
		explicit_bzero(&msg, sizeof msg);
	}
	if (m->sock != -1 && e != ERR_AGAIN)
		calls_lose_all(m);
}
