#include "mailbox/calls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/io.h"
#include "wire/wire.h"

struct call *
calls_find(struct mailbox *m, uint32_t ref)
{
	struct call *s = &m->calls[(ref - 1) % CALLS_MAX];

	return ref != 0 && s->ref == ref && s->state != CALL_FREE ? s : NULL;
}

void
calls_drop_body(struct call *s)
{
	if (s->body != NULL)
		explicit_bzero(s->body, s->len);
	free(s->body);
	s->body = NULL;
	s->len = 0;
}

void
calls_release(struct call *s)
{
	calls_drop_body(s);
	*s = (struct call){.state = CALL_FREE};
}

static enum err
set_body(struct call *s, const void *p, size_t n)
{
	calls_drop_body(s);
	if (n == 0)
		return ERR_OK;
	if ((s->body = malloc(n)) == NULL)
		return ERR_NOMEM;
	memcpy(s->body, p, n);
	s->len = n;
	return ERR_OK;
}

enum err
calls_attach(struct mailbox *m, int sock)
{
	struct epoll_event ev = {.events = EPOLLIN};

	if (epoll_ctl(m->epoll, EPOLL_CTL_ADD, sock, &ev) == -1)
		return ERR_SYS;
	m->sock = sock;
	m->is_blocked = false;
	return ERR_OK;
}

/* Tells whoever waits behind this slot that its answer won't come. The slot is free before. */
void
calls_fail(struct call *s, enum err e)
{
	static const struct op_session none;
	struct call was = *s;

	s->body = NULL;
	calls_release(s);
	calls_drop_body(&was);
	if (was.is_last || was.state == CALL_HELD)
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

void
calls_lose_all(struct mailbox *m)
{
	size_t i;

	/* Out of the epoll first: it would go on waiting for a socket that is open elsewhere, too.
	 */
	if (m->sock != -1)
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->sock, NULL);
	io_close(&m->sock);
	for (i = 0; i < CALLS_MAX; i++)
		if (m->calls[i].state != CALL_FREE)
			calls_fail(&m->calls[i], ERR_CLOSED);
}

static void
watch_for_room(struct mailbox *m, bool is_blocked)
{
	struct epoll_event ev = {.events = is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN};

	if (m->is_blocked == is_blocked)
		return;
	m->is_blocked = is_blocked;
	if (epoll_ctl(m->epoll, EPOLL_CTL_MOD, m->sock, &ev) == -1)
		calls_lose_all(m);
}

/* Sends what is due in a slot, if the socket takes it. */
enum err
calls_send(struct mailbox *m, struct call *s)
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
	calls_drop_body(s);
	if (s->is_last)
		calls_release(s);
	else
		s->state = CALL_SENT;
	return ERR_OK;
}

void
calls_send_due(struct mailbox *m)
{
	size_t i;

	watch_for_room(m, false);
	for (i = 0; i < CALLS_MAX && m->sock != -1 && !m->is_blocked; i++)
		if (m->calls[i].state == CALL_DUE && calls_send(m, &m->calls[i]) != ERR_OK)
			calls_lose_all(m);
}

/* A free slot with a new ref. Uploads may take any, other calls leave room for uploads. */
struct call *
calls_take(struct mailbox *m, bool is_upload)
{
	size_t i, max = is_upload ? CALLS_MAX : LIMIT_MAILBOX_CALLS;
	struct call *s;

	for (i = 0; i < max; i++) {
		s = &m->calls[CALLS_MAX - 1 - i];
		if (s->state != CALL_FREE)
			continue;
		if (++m->generation > UINT32_MAX / CALLS_MAX - 1)
			m->generation = 1;
		*s = (struct call){.state = CALL_DUE, .is_upload = is_upload};
		s->ref = m->generation * CALLS_MAX + (uint32_t)(CALLS_MAX - 1 - i) + 1;
		return s;
	}
	return NULL;
}

/* Sends a prepared call; on failure the slot is free again and no callback comes. */
enum err
calls_begin(struct mailbox *m, struct call *s, const void *body, size_t len, uint32_t *ref)
{
	uint32_t mine = s->ref;
	enum err e;

	if ((e = set_body(s, body, len)) != ERR_OK || (e = calls_send(m, s)) != ERR_OK)
		calls_release(s);
	else if (ref != NULL)
		*ref = mine;
	return e;
}
