#include "mailbox/call_answers.h"

static void
on_name(struct call *s, enum err e, const struct wire_msg *msg)
{
	struct call was = *s;

	if (e == ERR_OK)
		s->state = CALL_HELD;
	else
		calls_release(s);
	was.cb.named(was.ctx, e, e == ERR_OK ? (const void *)msg->body : NULL);
}

static void
on_session(struct call *s, enum err e, const struct wire_msg *msg)
{
	struct call was = *s;

	calls_release(s);
	was.cb.session(was.ctx, e, (const void *)msg->body);
}

static void
on_looked(struct call *s, enum err e, const struct wire_msg *msg)
{
	struct call was = *s;

	calls_release(s);
	was.cb.looked(was.ctx, e, e == ERR_OK ? (const void *)msg->body : NULL);
}

/* A piece came: hand it on and ask for the next, unless the callback has given up. */
static void
on_text(struct mailbox *m, struct call *s, enum err e, const struct wire_msg *msg)
{
	const size_t head = sizeof(struct op_text);
	struct call was = *s;

	if (e != ERR_OK || msg->len <= head) {
		calls_release(s);
		was.cb.text(was.ctx, e, NULL, NULL, 0);
		return;
	}
	was.cb.text(was.ctx, ERR_OK, (const void *)msg->body, (const char *)msg->body + head,
	    msg->len - head);
	if ((s = calls_find(m, was.ref)) == NULL)
		return;
	s->state = CALL_DUE;
	s->op = OP_READ_MORE;
	if (calls_send(m, s) != ERR_OK)
		calls_fail(s, ERR_CLOSED);
}

static void
on_removed(struct call *s, enum err e)
{
	struct call was = *s;

	calls_release(s);
	was.cb.done(was.ctx, e);
}

/* Does this answer belong to what the slot asked? Late answers to cancelled calls find no slot. */
static bool
fits(const struct call *s, uint32_t op)
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

void
call_answers_take(struct mailbox *m, const struct wire_msg *msg)
{
	struct call *s = calls_find(m, msg->ref);
	enum err e = (enum err)msg->err;

	if (!is_whole(msg) || s == NULL || s->state != CALL_SENT || !fits(s, msg->op))
		return;
	switch ((int)msg->op) {
	case OP_NAME: on_name(s, e, msg); break;
	case OP_SESSION: on_session(s, e, msg); break;
	case OP_SESSION_IS: on_looked(s, e, msg); break;
	case OP_TEXT: on_text(m, s, e, msg); break;
	case OP_REMOVED: on_removed(s, e); break;
	}
}
