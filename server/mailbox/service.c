#include "mailbox/service.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "mailbox/desk.h"
#include "sandbox/sandbox.h"
#include "wire/wire.h"

#define SEND_MS      2000 /* a peer that takes no message for so long is stuck */
#define DESCRIPTORS  64
#define MEMORY       (32UL << 20)
#define ARGON_MEMORY (64UL << 20)

enum place { PLACE_PARENT, PLACE_FRONT, PLACE_STORE, PLACE_DESK, PLACES };

struct service {
	int parent, front, store;
	struct desk *desk;
	int64_t next_tick; /* -1: nothing to do without a message */
};

/* ---- what the desk says */

static void
lose_front(struct service *s)
{
	io_close(&s->front);
	desk_front_lost(s->desk);
}

static enum err
send_to(int sock, enum op op, uint32_t ref, enum err result, const void *body, size_t len)
{
	struct wire_msg m = {
	    .op = op, .ref = ref, .len = (uint32_t)len, .err = (int32_t)result, .fd = -1};
	enum err e;

	if (len > 0)
		memcpy(m.body, body, len);
	e = wire_send_wait(sock, &m, SEND_MS);
	explicit_bzero(&m, sizeof m);
	return e;
}

/* front never waits for us, so waiting for room in its socket can't lock up. */
static void
to_front(void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	struct service *s = ctx;

	if (s->front != -1 && send_to(s->front, op, ref, e, body, len) != ERR_OK)
		lose_front(s);
}

static enum err
to_store(void *ctx, enum op op, uint32_t ref, const void *body, size_t len)
{
	struct service *s = ctx;

	if (s->store == -1)
		return ERR_CLOSED;
	return send_to(s->store, op, ref, ERR_OK, body, len);
}

/* ---- what comes in */

static void
take_peer(struct service *s, struct wire_msg *m)
{
	struct op_peer peer;

	memcpy(&peer, m->body, sizeof peer);
	if (peer.role == ROLE_FRONT) {
		lose_front(s);
		s->front = m->fd;
		m->fd = -1;
	} else if (peer.role == ROLE_STORE) {
		io_close(&s->store);
		desk_store_lost(s->desk);
		s->store = m->fd;
		m->fd = -1;
	}
}

static enum err
on_parent(struct service *s)
{
	struct wire_msg m;
	enum err e;

	if ((e = wire_recv(s->parent, ROLE_PARENT, ROLE_MAILBOX, &m)) != ERR_OK)
		return e == ERR_AGAIN ? ERR_OK : e;
	if (m.op == OP_PEER)
		take_peer(s, &m);
	/* Uploads are front's: when it has none, there is nothing to wait for here. */
	else if (m.op == OP_DRAIN)
		e = wire_send(s->parent, OP_DRAINED, 0, ERR_OK, NULL, 0, -1);
	io_close(&m.fd);
	return e;
}

static void
on_front(struct service *s)
{
	struct wire_msg m;
	enum err e = ERR_OK;

	while (
	    s->front != -1 && (e = wire_recv(s->front, ROLE_FRONT, ROLE_MAILBOX, &m)) == ERR_OK) {
		desk_from_front(s->desk, &m);
		io_close(&m.fd);
		explicit_bzero(&m, sizeof m);
	}
	if (e != ERR_AGAIN && s->front != -1)
		lose_front(s);
}

static void
on_store(struct service *s)
{
	struct wire_msg m;
	enum err e;

	while ((e = wire_recv(s->store, ROLE_STORE, ROLE_MAILBOX, &m)) == ERR_OK) {
		desk_from_store(s->desk, &m);
		io_close(&m.fd);
		explicit_bzero(&m, sizeof m);
	}
	if (e != ERR_AGAIN) {
		io_close(&s->store);
		desk_store_lost(s->desk);
	}
}

static int
wait_ms(const struct service *s)
{
	int64_t left;

	if (s->next_tick == -1)
		return -1;
	left = s->next_tick - clock_mono_ms();
	return left > 0 ? (int)left : 0;
}

static void
tick(struct service *s)
{
	int64_t ms = desk_tick(s->desk);

	s->next_tick = ms == -1 ? -1 : clock_mono_ms() + ms;
}

/* Until the parent is gone. */
static enum err
work(struct service *s)
{
	enum err e;

	for (;;) {
		struct pollfd p[PLACES] = {{s->parent, POLLIN, 0}, {s->front, POLLIN, 0},
		    {s->store, POLLIN, 0}, {desk_fd(s->desk), POLLIN, 0}};

		if (poll(p, PLACES, wait_ms(s)) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		if (p[PLACE_PARENT].revents != 0 && (e = on_parent(s)) != ERR_OK)
			return e;
		/* The parent may just have given us others. */
		if (p[PLACE_FRONT].revents != 0 && p[PLACE_FRONT].fd == s->front)
			on_front(s);
		if (p[PLACE_STORE].revents != 0 && p[PLACE_STORE].fd == s->store)
			on_store(s);
		if (p[PLACE_DESK].revents != 0)
			desk_on_ready(s->desk);
		tick(s);
	}
}

/* One core stays for the uploads. */
static unsigned
worker_count(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (cores <= 2)
		return 1;
	return cores > LIMIT_DERIVERS ? LIMIT_DERIVERS : (unsigned)cores - 1;
}

/* The sandbox goes around the start of the threads. */
static enum err
start(struct service *s, const struct service_setup *setup, struct reason *why)
{
	const unsigned workers = worker_count();
	const struct sandbox_plan plan = {.role = ROLE_MAILBOX,
	    .dirfd = -1,
	    .descriptors = DESCRIPTORS,
	    .may_lack_landlock = setup->may_lack_landlock};
	const struct desk_lines lines = {s, to_front, to_store};
	/* All uploads that may run at once may begin at once. */
	const size_t at_once = setup->conf->max_in_flight > LIMIT_CODENAME_POOL
				   ? setup->conf->max_in_flight
				   : LIMIT_CODENAME_POOL;
	enum err e;

	if ((e = sandbox_begin(&plan, MEMORY + (workers + 1) * ARGON_MEMORY, why)) != ERR_OK)
		return e;
	if ((e = desk_new(workers, at_once, setup->conf->instance, &lines, &s->desk)) != ERR_OK)
		return reason_sys(why, e, "Can't start the mailbox");
	return sandbox_complete(ROLE_MAILBOX, -1, why);
}

enum err
service_run(struct service_setup *setup, struct reason *why)
{
	struct service s = {
	    .parent = setup->parent, .front = setup->front, .store = setup->store, .next_tick = -1};
	enum err e;

	setup->front = setup->store = -1;
	if ((e = start(&s, setup, why)) != ERR_OK)
		goto done;
	if ((e = wire_send(s.parent, OP_READY, 0, ERR_OK, NULL, 0, -1)) == ERR_OK)
		e = work(&s);
	if (e == ERR_CLOSED)
		e = ERR_OK;
	else
		reason_sys(why, e, "The parent process can't be understood");
done:
	desk_free(s.desk);
	io_close(&s.front);
	io_close(&s.store);
	return e;
}
