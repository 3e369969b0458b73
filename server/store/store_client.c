#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/io.h"
#include "store/slots.h"
#include "wire/wire.h"

/*
 * The seam's default: the store is the sealslotd-store process at the other
 * end of a socketpair. What is under way is in slots.h.
 */
struct store {
	int sock;
	int epoll; /* what the event loop waits for, for life; holds sock while there is one */
	bool is_blocked; /* some message is due */
	struct minisign_key root;
	struct store_events events;
	uint64_t signed_in_room;
	struct schedule
	    *schedule; /* lent to the last schedule event, with its text and signature */
	struct buf text, sig;
	struct slots slots;
};

static enum err
attach(struct store *s, int sock)
{
	struct epoll_event ev = {.events = EPOLLIN};

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, sock, &ev) == -1)
		return ERR_SYS;
	s->sock = sock;
	s->is_blocked = false;
	return ERR_OK;
}

enum err
store_new(int sock, const struct minisign_key *root, const struct store_events *events,
    struct store **out)
{
	struct store *s;
	enum err e = ERR_SYS;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return ERR_NOMEM;
	s->sock = -1;
	s->root = *root;
	s->events = *events;
	slots_init(&s->slots);
	buf_init(&s->text, LIMIT_SCHEDULE);
	buf_init(&s->sig, LIMIT_SIGNATURE);
	if ((s->epoll = epoll_create1(EPOLL_CLOEXEC)) != -1)
		e = attach(s, sock);
	if (e == ERR_OK)
		*out = s;
	else
		store_free(s);
	return e;
}

/* Out of the epoll first: it would go on waiting for a socket that is open elsewhere, too. */
static void
detach(struct store *s)
{
	if (s->sock != -1)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->sock, NULL);
	io_close(&s->sock);
}

static void
lose(struct store *s)
{
	detach(s);
	slots_lose(&s->slots);
	s->events.gone(s->events.ctx);
}

enum err
store_reconnect(struct store *s, int sock)
{
	if (s->sock != -1)
		lose(s);
	return attach(s, sock);
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	detach(s);
	io_close(&s->epoll);
	schedule_free(s->schedule);
	buf_wipe(&s->text);
	buf_wipe(&s->sig);
	free(s);
}

int
store_fd(const struct store *s)
{
	return s->epoll;
}

/* While something is due, the descriptor is also ready when the socket has room. */
static void
set_blocked(struct store *s, bool is_blocked)
{
	struct epoll_event ev = {.events = is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN};

	if (is_blocked != s->is_blocked && epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->sock, &ev) == 0)
		s->is_blocked = is_blocked;
}

/* A broken socket isn't noticed here: it is readable, and store_on_readable finds out. */
static void
post(struct store *s, struct slot *slot)
{
	if (s->is_blocked || slots_send(slot, s->sock) == ERR_AGAIN)
		set_blocked(s, true);
}

static void
flush(struct store *s)
{
	if (s->is_blocked && slots_send_all(&s->slots, s->sock) != ERR_AGAIN)
		set_blocked(s, false);
}

static void
take_begun(struct store *s, struct wire_msg *m)
{
	struct slot *slot = slots_find(&s->slots, m->ref);
	struct slot was;

	if (slot == NULL || slot->state != SLOT_BEGIN_SENT) {
		io_close(&m->fd); /* aborted meanwhile */
		return;
	}
	was = *slot;
	if (m->err == ERR_OK)
		slot->state = SLOT_OPEN;
	else
		slots_release(slot);
	was.begun(was.ctx, (enum err)m->err, m->fd);
	m->fd = -1; /* the callee's now */
}

static void
take_committed(struct store *s, const struct wire_msg *m)
{
	struct slot *slot = slots_find(&s->slots, m->ref);
	struct slot was;

	if (slot == NULL || slot->state != SLOT_COMMIT_SENT)
		return;
	was = *slot;
	slots_release(slot);
	was.committed(was.ctx, (enum err)m->err);
}

/* Nothing that comes from store is believed before it verifies under the root key. */
static enum err
read_schedule(struct store *s, const struct wire_msg *m, const struct op_schedule *head,
    struct schedule **out)
{
	struct schedule_fault fault;
	enum err e;

	buf_reset(&s->text);
	buf_reset(&s->sig);
	if (m->err != ERR_OK)
		return (enum err)m->err;
	if (head->sig_len != m->len - sizeof *head)
		return ERR_AUTH;
	if ((e = wire_memfd_read(m->fd, &s->text)) != ERR_OK ||
	    (e = buf_add(&s->sig, m->body + sizeof *head, head->sig_len)) != ERR_OK)
		return e;
	return schedule_verify(&s->text, &s->sig, &s->root, out, &fault) == ERR_OK ? ERR_OK
										   : ERR_AUTH;
}

static void
take_schedule(struct store *s, struct wire_msg *m)
{
	struct schedule *old = s->schedule, *fresh = NULL;
	struct op_schedule head;
	enum err e;

	memcpy(&head, m->body, sizeof head);
	e = read_schedule(s, m, &head, &fresh);
	io_close(&m->fd);
	s->schedule = fresh;
	s->events.schedule(s->events.ctx, e, fresh, fresh == NULL ? NULL : &s->text,
	    fresh == NULL ? NULL : &s->sig, head.today);
	schedule_free(old);
}

static void
take_room(struct store *s, const struct wire_msg *m)
{
	struct op_room room;

	memcpy(&room, m->body, sizeof room);
	s->signed_in_room = room.signed_in_bytes;
	s->events.room(s->events.ctx, room.bytes, room.writable != 0);
}

static void
dispatch(struct store *s, struct wire_msg *m)
{
	switch (m->op) {
	case OP_BEGUN: take_begun(s, m); break;
	case OP_COMMITTED: take_committed(s, m); break;
	case OP_SCHEDULE: take_schedule(s, m); break;
	case OP_ROOM: take_room(s, m); break;
	}
}

void
store_on_readable(struct store *s)
{
	struct wire_msg m;
	enum err e = ERR_AGAIN;
	int sock = s->sock;

	/* A callback may have reconnected: the new socket has its own turn. */
	while (s->sock == sock && sock != -1 &&
	       (e = wire_recv(sock, ROLE_STORE, ROLE_FRONT, &m)) == ERR_OK)
		dispatch(s, &m);
	if (s->sock != sock || sock == -1)
		return;
	if (e == ERR_AGAIN)
		flush(s);
	else
		lose(s);
}

static enum err
begin(struct store *s, const struct op_begin *what, store_begun *cb, void *ctx, uint32_t *upload)
{
	struct slot *slot;

	if (s->sock == -1)
		return ERR_CLOSED;
	if ((slot = slots_take(&s->slots)) == NULL)
		return ERR_BUSY;
	slot->ctx = ctx;
	slot->begun = cb;
	slot->body.begin = *what;
	*upload = slot->ref;
	post(s, slot);
	return ERR_OK;
}

enum err
store_begin(struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload)
{
	const struct op_begin what = {.body_len = body_len};

	return begin(s, &what, cb, ctx, upload);
}

enum err
store_begin_signed_in(
    struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload)
{
	const struct op_begin what = {.body_len = body_len, .is_signed_in = 1};

	return begin(s, &what, cb, ctx, upload);
}

uint64_t
store_signed_in_room(const struct store *s)
{
	return s->signed_in_room;
}

enum err
store_commit(
    struct store *s, uint32_t upload, const struct store_item *item, store_committed *cb, void *ctx)
{
	struct slot *slot;

	if (s->sock == -1 || (slot = slots_find(&s->slots, upload)) == NULL)
		return ERR_CLOSED;
	if (slot->state != SLOT_OPEN)
		return ERR_STATE;
	slot->state = SLOT_COMMIT_DUE;
	slot->ctx = ctx;
	slot->committed = cb;
	slot->body.commit = (struct op_commit){.is_signed_in = item->is_signed_in,
	    .epoch = item->epoch,
	    .serial = item->serial,
	    .size = item->size};
	memcpy(slot->body.commit.id, item->id, sizeof item->id);
	memcpy(slot->body.commit.inbox, item->inbox, sizeof item->inbox);
	post(s, slot);
	return ERR_OK;
}

void
store_abort(struct store *s, uint32_t upload)
{
	struct slot *slot = slots_find(&s->slots, upload);

	if (slot == NULL || slot->state == SLOT_ABORT_DUE)
		return;
	if (slot->state == SLOT_BEGIN_DUE) {
		slots_release(slot); /* store never heard of it */
		return;
	}
	slot->state = SLOT_ABORT_DUE;
	post(s, slot);
}
