#include "store/mailbox_side.h"

#include <poll.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/db_replies.h"

#define ITEMS_MAX ((LIMIT_REPLIES + 1) * (LIMIT_REPLY + sizeof(struct op_reply_item)))

void
mailbox_side_init(struct mailbox_side *m, struct depot *depot)
{
	*m = (struct mailbox_side){.depot = depot, .sock = -1};
}

void
mailbox_side_attach(struct mailbox_side *m, int sock)
{
	mailbox_side_detach(m);
	m->sock = sock;
}

void
mailbox_side_detach(struct mailbox_side *m)
{
	if (m->has_outbox)
		io_close(&m->outbox.fd);
	m->has_outbox = false;
	io_close(&m->sock);
}

short
mailbox_side_events(const struct mailbox_side *m)
{
	return m->has_outbox ? POLLOUT : POLLIN;
}

/* fd is closed, now or when the answer has left the outbox. */
static enum err
answer(struct mailbox_side *m, enum op op, uint32_t ref, enum err result, int fd)
{
	struct wire_msg a = {.op = op, .ref = ref, .err = (int32_t)result, .fd = fd};
	enum err e;

	if ((e = wire_send_wait(m->sock, &a, 0)) == ERR_AGAIN) {
		m->outbox = a;
		m->has_outbox = true;
		return ERR_OK;
	}
	io_close(&fd);
	return e;
}

static enum err
flush(struct mailbox_side *m)
{
	enum err e;

	if (!m->has_outbox)
		return ERR_OK;
	if ((e = wire_send_wait(m->sock, &m->outbox, 0)) == ERR_AGAIN)
		return e;
	io_close(&m->outbox.fd);
	m->has_outbox = false;
	return e;
}

static enum err
add_item(void *ctx, const struct db_reply *r)
{
	struct op_reply_item head = {.size = (uint32_t)r->len};
	enum err e;

	text_hex(head.id, r->id, DB_ID);
	if ((e = buf_add(ctx, &head, sizeof head)) != ERR_OK)
		return e;
	return buf_add(ctx, r->sealed, r->len);
}

static enum err
on_get(struct mailbox_side *m, const struct wire_msg *q)
{
	struct op_mailbox body;
	struct buf items;
	int fd = -1;
	enum err e;

	memcpy(&body, q->body, sizeof body);
	buf_init(&items, ITEMS_MAX);
	pthread_mutex_lock(&m->depot->db_lock);
	e = db_replies_each(m->depot->db, body.mailbox, add_item, &items);
	pthread_mutex_unlock(&m->depot->db_lock);
	if (e == ERR_OK)
		e = wire_memfd(items.p, items.len, &fd);
	e = answer(m, OP_REPLIES, q->ref, e, fd);
	buf_wipe(&items);
	return e;
}

static enum err
on_remove(struct mailbox_side *m, const struct wire_msg *q)
{
	struct op_reply_remove body;
	uint8_t id[DB_ID];
	enum err e;

	memcpy(&body, q->body, sizeof body);
	if ((e = text_unhex(id, sizeof id, body.id, strnlen(body.id, sizeof body.id))) == ERR_OK) {
		pthread_mutex_lock(&m->depot->db_lock);
		e = db_replies_remove(m->depot->db, body.mailbox, id);
		pthread_mutex_unlock(&m->depot->db_lock);
	}
	return answer(m, OP_REPLIES_REMOVED, q->ref, e, -1);
}

void
mailbox_side_on_ready(struct mailbox_side *m)
{
	struct wire_msg q;
	enum err e;

	if ((e = flush(m)) == ERR_OK)
		while (!m->has_outbox &&
		       (e = wire_recv(m->sock, ROLE_MAILBOX, ROLE_STORE, &q)) == ERR_OK &&
		       (e = q.op == OP_REPLIES_GET ? on_get(m, &q) : on_remove(m, &q)) == ERR_OK)
			;
	if (e != ERR_OK && e != ERR_AGAIN)
		mailbox_side_detach(m);
}
