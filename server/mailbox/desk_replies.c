#include "mailbox/desk_replies.h"

#include <string.h>

#include "base/clock.h"

enum err
desk_replies_init(
    struct desk_replies *r, const struct desk_lines *lines, struct session_table *sessions)
{
	r->lines = lines;
	r->sessions = sessions;
	return views_new(&r->views);
}

void
desk_replies_wipe(struct desk_replies *r)
{
	views_free(r->views);
	r->views = NULL;
}

static void
answer(struct desk_replies *r, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	r->lines->to_front(r->lines->ctx, op, ref, e, body, len);
}

static enum err
use(struct desk_replies *r, const char *token, struct session_data *s)
{
	size_t len = strnlen(token, OP_TOKEN_LEN + 1);

	return session_use(r->sessions, token, len, clock_mono_ms(), s);
}

/* No text comes; its place is another source's at once. */
static void
end_view(struct desk_replies *r, uint32_t ref, enum err e)
{
	views_drop(r->views, ref);
	answer(r, OP_TEXT, ref, e, NULL, 0);
}

void
desk_replies_read(struct desk_replies *r, const struct wire_msg *m)
{
	const struct op_token *t = (const void *)m->body;
	struct session_data s = {0};
	struct op_mailbox box;
	enum err e;

	if ((e = use(r, t->token, &s)) == ERR_OK)
		e = views_open(r->views, m->ref, &s.keys, clock_mono_ms());
	memcpy(box.mailbox, s.keys.mailbox, sizeof box.mailbox);
	explicit_bzero(&s, sizeof s);
	if (e != ERR_OK) {
		answer(r, OP_TEXT, m->ref, e, NULL, 0);
		return;
	}
	e = r->lines->to_store(r->lines->ctx, OP_REPLIES_GET, m->ref, &box, sizeof box);
	if (e != ERR_OK)
		end_view(r, m->ref, e);
}

/* One piece of text per request, so that no queue can grow. */
void
desk_replies_read_more(struct desk_replies *r, uint32_t ref)
{
	uint8_t body[WIRE_BODY_MAX];
	struct op_text head;
	size_t n = 0;
	enum err e;

	e = views_next(r->views, ref, &head, body + sizeof head, sizeof body - sizeof head, &n);
	memcpy(body, &head, sizeof head);
	if (e == ERR_OK)
		answer(r, OP_TEXT, ref, ERR_OK, body, sizeof head + n);
	else
		answer(r, OP_TEXT, ref, e == ERR_NOTFOUND ? ERR_OK : e, NULL, 0);
	explicit_bzero(body, sizeof body);
}

void
desk_replies_remove(struct desk_replies *r, const struct wire_msg *m)
{
	const struct op_remove *what = (const void *)m->body;
	struct op_reply_remove body = {0};
	struct session_data s = {0};
	enum err e;

	if ((e = use(r, what->token, &s)) != ERR_OK) {
		answer(r, OP_REMOVED, m->ref, e, NULL, 0);
		return;
	}
	memcpy(body.mailbox, s.keys.mailbox, sizeof body.mailbox);
	memcpy(body.id, what->id, sizeof body.id);
	explicit_bzero(&s, sizeof s);
	e = r->lines->to_store(r->lines->ctx, OP_REPLIES_REMOVE, m->ref, &body, sizeof body);
	if (e != ERR_OK)
		answer(r, OP_REMOVED, m->ref, e, NULL, 0);
}

void
desk_replies_from_store(struct desk_replies *r, const struct wire_msg *m)
{
	enum err e = (enum err)m->err;

	if (m->op == OP_REPLIES_REMOVED)
		answer(r, OP_REMOVED, m->ref, e, NULL, 0);
	/* What nobody asked for, or waits for any more, front isn't told. */
	if (m->op != OP_REPLIES || !views_waits(r->views, m->ref))
		return;
	if (e == ERR_OK)
		e = views_fill(r->views, m->ref, m->fd);
	else if (e == ERR_NOTFOUND)
		e = ERR_SYS; /* to front it would say that the session is over */
	if (e == ERR_OK)
		desk_replies_read_more(r, m->ref);
	else
		end_view(r, m->ref, e);
}

static void
tell_no_replies(void *ctx, uint32_t ref)
{
	answer(ctx, OP_TEXT, ref, ERR_CLOSED, NULL, 0);
}

void
desk_replies_clear(struct desk_replies *r)
{
	views_clear(r->views);
}

void
desk_replies_store_lost(struct desk_replies *r)
{
	views_lose_store(r->views, tell_no_replies, r);
}

void
desk_replies_sweep(struct desk_replies *r, int64_t now)
{
	views_sweep(r->views, now, tell_no_replies, r);
}

size_t
desk_replies_count(const struct desk_replies *r)
{
	return views_count(r->views);
}
