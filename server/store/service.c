#include "store/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "store/admin_side.h"
#include "store/committer.h"
#include "store/front_side.h"
#include "store/mailbox_side.h"
#include "store/settle.h"
#include "sandbox/sandbox.h"
#include "wire/wire.h"

#define TICK_MS     1000
#define DESCRIPTORS (LIMIT_IN_FLIGHT_MAX + 256)
#define MEMORY      (64UL << 20)

/* The places of the poll set; the admins' follow. */
enum place {
	PLACE_PARENT,
	PLACE_COMMITTER,
	PLACE_FRONT,
	PLACE_MAILBOX,
	PLACE_SETTLE,
	PLACE_LISTENER,
	PLACE_ADMINS
};
#define PLACES (PLACE_ADMINS + LIMIT_ADMINS)

struct service {
	int parent;
	struct depot depot;
	struct committer *committer;
	struct front_side front;
	struct mailbox_side mailbox;
	struct admin_side admins;
	struct settle *settle; /* NULL: no server, a verb alone */
	bool is_drained_due;   /* the parent waits for the last commit */
	int64_t next_tick;
	int32_t expired;  /* the day on which old submissions were deleted last */
	bool is_expiring; /* more of them wait for the next turn */
};

static enum err
tell_parent(struct service *s, enum op op, const void *body, size_t len)
{
	return wire_send(s->parent, op, 0, ERR_OK, body, len, -1);
}

/* front has broken the rules and is detached; the parent ends it and starts another. */
static enum err
blame_front(struct service *s)
{
	struct op_peer body = {ROLE_FRONT};

	return tell_parent(s, OP_BLAME, &body, sizeof body);
}

static enum err
settle_front(struct service *s, enum err e)
{
	return e == ERR_FORMAT ? blame_front(s) : ERR_OK;
}

static enum err
on_parent(struct service *s)
{
	struct reason why;
	struct op_peer peer;
	struct wire_msg m;
	enum err e;

	if ((e = wire_recv(s->parent, ROLE_PARENT, ROLE_STORE, &m)) != ERR_OK)
		return e == ERR_AGAIN ? ERR_OK : e;
	memcpy(&peer, m.body, sizeof peer);
	if (m.op == OP_PEER && peer.role == ROLE_FRONT) {
		front_side_attach(&s->front, m.fd);
		return settle_front(s, front_side_tick(&s->front));
	}
	if (m.op == OP_PEER && peer.role == ROLE_MAILBOX) {
		mailbox_side_attach(&s->mailbox, m.fd);
		return ERR_OK;
	}
	io_close(&m.fd);
	if (m.op == OP_DRAIN) {
		s->front.is_draining = true;
		s->is_drained_due = true;
	} else if (m.op == OP_RELOAD) {
		if (depot_reload(&s->depot, &why) != ERR_OK)
			fprintf(stderr, "sealslotd: store: %s\n", why.text);
		front_side_tell_schedule(&s->front);
	} else {
		return ERR_FORMAT;
	}
	return ERR_OK;
}

static void
fill(const struct service *s, struct pollfd *p)
{
	bool is_free = !settle_has_index(s->settle);
	size_t i;

	p[PLACE_PARENT] = (struct pollfd){s->parent, POLLIN, 0};
	/* While front doesn't listen, what is committed waits. */
	p[PLACE_COMMITTER] =
	    (struct pollfd){s->front.has_outbox ? -1 : committer_fd(s->committer), POLLIN, 0};
	p[PLACE_FRONT] = (struct pollfd){s->front.sock, front_side_events(&s->front), 0};
	p[PLACE_SETTLE] = (struct pollfd){settle_fd(s->settle), POLLIN, 0};
	/* While the settle has the index, who asks for something of it waits. */
	p[PLACE_MAILBOX] =
	    (struct pollfd){is_free ? s->mailbox.sock : -1, mailbox_side_events(&s->mailbox), 0};
	p[PLACE_LISTENER] = (struct pollfd){s->admins.listener, POLLIN, 0};
	for (i = 0; i < LIMIT_ADMINS; i++)
		p[PLACE_ADMINS + i] =
		    (struct pollfd){is_free ? s->admins.admins[i].sock : -1, POLLIN, 0};
}

static enum err
handle(struct service *s, const struct pollfd *p)
{
	enum err e = ERR_OK;
	size_t i;

	if (p[PLACE_PARENT].revents != 0)
		e = on_parent(s);
	if (e == ERR_OK && p[PLACE_COMMITTER].revents != 0)
		e = settle_front(s, front_side_on_committed(&s->front));
	if (e == ERR_OK && p[PLACE_SETTLE].revents != 0)
		settle_on_event(s->settle);
	/* The parent may just have given us another front. */
	if (e == ERR_OK && p[PLACE_FRONT].revents != 0 && p[PLACE_FRONT].fd == s->front.sock)
		e = settle_front(s, front_side_on_ready(&s->front));
	if (e == ERR_OK && p[PLACE_MAILBOX].revents != 0 && p[PLACE_MAILBOX].fd == s->mailbox.sock)
		mailbox_side_on_ready(&s->mailbox);
	for (i = 0; i < LIMIT_ADMINS && e == ERR_OK; i++)
		if (p[PLACE_ADMINS + i].revents != 0)
			admin_side_on_readable(&s->admins, &s->admins.admins[i]);
	if (e == ERR_OK && p[PLACE_LISTENER].revents != 0)
		admin_side_accept(&s->admins);
	return e;
}

/* Once a day, a part a turn: who asks for something meanwhile is answered between two of them. With
 * a clock that can't be trusted nothing is deleted; it is tried again then. */
static void
expire(struct service *s)
{
	int32_t today = clock_today();
	enum err e;

	if (s->expired == today || settle_has_index(s->settle))
		return;
	if ((e = depot_expire(&s->depot, &s->is_expiring)) != ERR_OK)
		s->is_expiring = false;
	else if (!s->is_expiring)
		s->expired = today;
}

static enum err
tick(struct service *s)
{
	int64_t now = clock_mono_ms();
	enum err e = ERR_OK;

	if (s->is_expiring || now >= s->next_tick)
		expire(s);
	if (now >= s->next_tick) {
		s->next_tick = now + TICK_MS;
		/* A disk that is slow at midnight: the day isn't over before its last row is there.
		 */
		if (!settle_is_idle(s->settle) ||
		    (!s->is_expiring && !committer_has_older(s->committer, clock_today())))
			settle_tick(s->settle, in_flight_promised(&s->front.in_flight));
		s->front.in_flight.settling = settle_claim(s->settle);
		e = settle_front(s, front_side_tick(&s->front));
	}
	if (e == ERR_OK && s->is_drained_due && !in_flight_is_committing(&s->front.in_flight)) {
		s->is_drained_due = false;
		e = tell_parent(s, OP_DRAINED, NULL, 0);
	}
	return e;
}

/* Until the parent is gone. */
static enum err
work(struct service *s)
{
	struct pollfd p[PLACES];
	int64_t wait;
	enum err e;

	for (;;) {
		if ((e = tick(s)) != ERR_OK)
			return e;
		fill(s, p);
		/* While the settle has the index, expiring waits, too. */
		wait = s->is_expiring && !settle_has_index(s->settle)
			   ? 0
			   : s->next_tick - clock_mono_ms();
		if (poll(p, PLACES, wait > 0 ? (int)wait : 0) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		if ((e = handle(s, p)) != ERR_OK)
			return e;
	}
}

static void
report_opening(const struct service *s, const struct reason *why)
{
	if (s->depot.schedules.active == NULL && why->text[0] != '\0')
		fprintf(stderr, "sealslotd: store: %s\n", why->text);
	if (s->depot.rebuilt > 0)
		fprintf(stderr,
		    "sealslotd: store: the index lacked %llu submission%s, now rebuilt from the "
		    "files.\n",
		    (unsigned long long)s->depot.rebuilt, s->depot.rebuilt == 1 ? "" : "s");
}

/* Its files are open, its threads not started yet. */
static enum err
confine(const struct service *s, const struct service_setup *setup, struct reason *why)
{
	const struct sandbox_plan plan = {.role = ROLE_STORE,
	    .dirfd = s->depot.folder.root,
	    .descriptors = DESCRIPTORS,
	    .may_lack_landlock = setup->may_lack_landlock};

	return sandbox_begin(&plan, MEMORY, why);
}

static enum err
attach(struct service *s, struct service_setup *setup)
{
	enum err e = ERR_OK;

	if (setup->front != -1)
		front_side_attach(&s->front, setup->front);
	setup->front = -1;
	if (setup->mailbox != -1)
		mailbox_side_attach(&s->mailbox, setup->mailbox);
	setup->mailbox = -1;
	if (setup->admin != -1)
		e = admin_side_attach(&s->admins, setup->admin);
	setup->admin = -1;
	return e;
}

static enum err
start(struct service *s, struct service_setup *setup, struct reason *why)
{
	enum err e;

	if ((e = depot_open_for(&s->depot, setup->conf, &setup->root, setup->care, why)) != ERR_OK)
		return e;
	report_opening(s, why);
	admin_side_init(&s->admins, &s->depot, &s->front);
	mailbox_side_init(&s->mailbox, &s->depot);
	/* Either for one verb alone, or for all that come to a running server. */
	if (setup->admin == -1 && (e = admin_side_listen(&s->admins, why)) != ERR_OK)
		return e;
	if ((e = confine(s, setup, why)) != ERR_OK)
		return e;
	if ((e = committer_new(
		 s->depot.folder.items, s->depot.db, &s->depot.db_lock, &s->committer)) != ERR_OK)
		return reason_sys(why, e, "Can't start the store's threads");
	front_side_init(&s->front, &s->depot, s->committer);
	if (setup->admin == -1 && (e = settle_new(&s->depot, &s->settle)) != ERR_OK)
		return reason_sys(why, e, "Can't start the store's threads");
	s->admins.settle = s->settle;
	if ((e = sandbox_complete(ROLE_STORE, -1, why)) != ERR_OK)
		return e;
	return attach(s, setup);
}

static void
stop(struct service *s)
{
	if (s->committer != NULL) {
		admin_side_close(&s->admins);
		mailbox_side_detach(&s->mailbox);
		front_side_detach(&s->front);
	}
	settle_free(s->settle);
	committer_free(s->committer);
	depot_close(&s->depot);
}

enum err
service_run(struct service_setup *setup, struct reason *why)
{
	struct service *s;
	enum err e;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return reason_sys(why, ERR_NOMEM, "Can't start the store");
	s->parent = setup->parent;
	if ((e = start(s, setup, why)) == ERR_OK) {
		if ((e = tell_parent(s, OP_READY, NULL, 0)) == ERR_OK)
			e = work(s);
		if (e == ERR_CLOSED)
			e = ERR_OK;
		else
			reason_sys(why, e, "The parent process can't be understood");
	}
	stop(s);
	free(s);
	return e;
}
