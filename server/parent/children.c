#include "parent/children.h"

#include <signal.h>

#include "base/clock.h"
#include "base/io.h"
#include "parent/handover.h"
#include "parent/spawn.h"
#include "store/quota.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define LIVED_LONG_MS  60000 /* after this a death begins with the shortest wait again */

/* In the order in which they are started. */
static const struct {
	enum role role;
	const char *name, *program;
} programs[CHILDREN_N] = {
    {ROLE_STORE, "store", "sealslotd-store"},
    {ROLE_MAILBOX, "mailbox", "sealslotd-mailbox"},
    {ROLE_FRONT, "front", "sealslotd-front"},
};

/* Who talks to whom. */
static const struct {
	enum role a, b;
} pairs[] = {
    {ROLE_FRONT, ROLE_STORE},
    {ROLE_FRONT, ROLE_MAILBOX},
    {ROLE_MAILBOX, ROLE_STORE},
};
#define N_PAIRS (sizeof pairs / sizeof pairs[0])

enum err
children_init(struct children *c, const struct setup *s, int listener, struct reason *why)
{
	enum err e = ERR_OK;
	size_t i;

	*c = (struct children){.setup = s, .listener = listener};
	for (i = 0; i < CHILDREN_N; i++)
		c->all[i] = (struct child){.role = programs[i].role,
		    .name = programs[i].name,
		    .program = programs[i].program,
		    .program_fd = -1,
		    .sock = -1};
	for (i = 0; i < CHILDREN_N && e == ERR_OK; i++)
		e = spawn_find(c->all[i].program, &c->all[i].program_fd, why);
	if (e != ERR_OK)
		children_close(c);
	return e;
}

void
children_close(struct children *c)
{
	size_t i;

	for (i = 0; i < CHILDREN_N; i++) {
		io_close(&c->all[i].program_fd);
		io_close(&c->all[i].sock);
	}
}

struct child *
children_find(struct children *c, enum role role)
{
	size_t i;

	for (i = 0; i < CHILDREN_N; i++)
		if (c->all[i].role == role)
			return &c->all[i];
	return NULL;
}

bool
children_are_ready(const struct children *c)
{
	size_t i;

	for (i = 0; i < CHILDREN_N; i++)
		if (!c->all[i].is_ready)
			return false;
	return true;
}

static enum err
start_process(const struct children *c, struct child *child)
{
	struct spawn spawn = {.program = child->program_fd, .name = child->program, .as = c->setup};
	int ends[2];
	enum err e;

	if ((e = wire_pair(ends)) != ERR_OK)
		return e;
	/*
	 * Neither front nor the mailbox may fill the disk through what it can write: an upload, or
	 * the log, should that be a file. For the store it would bring nothing: it may make any
	 * number of files, and copies what came under a larger max_upload. Nor would a limit on its
	 * memory: a snapshot of the index may take LIMIT_SNAPSHOT, and memfds aren't counted.
	 */
	if (child->role != ROLE_STORE)
		spawn.max_file = quota_sealed_max(c->setup->conf->max_upload);
	spawn.sock = ends[1];
	if ((e = spawn_start(&spawn, &child->pid)) == ERR_OK)
		child->sock = ends[0];
	else
		io_close(&ends[0]);
	io_close(&ends[1]);
	return e;
}

/* One socketpair between two of them. A survivor that can't take its end is stuck: it is ended,
 * and gets another pair when it starts again. */
static enum err
connect_pair(struct child *fresh, struct child *survivor)
{
	int ends[2];
	enum err e;

	if ((e = wire_pair(ends)) != ERR_OK)
		return e;
	if (handover_peer(survivor->sock, fresh->role, ends[1]) != ERR_OK)
		children_kill(survivor);
	return handover_peer(fresh->sock, survivor->role, ends[0]);
}

static enum err
connect_peers(struct children *c, struct child *child)
{
	struct child *other;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < N_PAIRS && e == ERR_OK; i++) {
		if (pairs[i].a != child->role && pairs[i].b != child->role)
			continue;
		other = children_find(c, pairs[i].a == child->role ? pairs[i].b : pairs[i].a);
		if (other != NULL && other->sock != -1)
			e = connect_pair(child, other);
	}
	return e;
}

static enum err
hand_over_to_front(const struct children *c, const struct child *child)
{
	enum err e;

	if ((e = handover_logo(child->sock, c->setup)) != ERR_OK)
		return e;
	return wire_send(child->sock, OP_LISTEN, 0, ERR_OK, NULL, 0, c->listener);
}

static enum err
hand_over(struct children *c, struct child *child)
{
	enum err e;

	if ((e = handover_conf(child->sock, c->setup)) != ERR_OK ||
	    (child->role == ROLE_FRONT && (e = hand_over_to_front(c, child)) != ERR_OK) ||
	    (e = connect_peers(c, child)) != ERR_OK)
		return e;
	return handover_go(child->sock, c->setup);
}

enum err
children_start(struct children *c, struct child *child, struct reason *why)
{
	enum err e;

	if ((e = start_process(c, child)) != ERR_OK)
		return reason_sys(why, e, "Can't start the process \"%s\"", child->name);
	child->is_ready = false;
	child->is_drained = false;
	child->started = clock_mono_ms();
	e = hand_over(c, child);
	/* ERR_CLOSED: it has ended already, and the signal that says so is on its way. */
	if (e != ERR_OK && e != ERR_CLOSED)
		return reason_sys(why, e, "Can't hand over to the process \"%s\"", child->name);
	return ERR_OK;
}

void
children_bury(struct child *child, int64_t now)
{
	child->pid = 0;
	io_close(&child->sock);
	child->is_ready = false;
	if (child->backoff == 0 || now - child->started > LIVED_LONG_MS)
		child->backoff = BACKOFF_MIN_MS;
	else if (child->backoff < BACKOFF_MAX_MS / 2)
		child->backoff *= 2;
	else
		child->backoff = BACKOFF_MAX_MS;
	child->start_at = now + child->backoff;
}

void
children_kill(const struct child *child)
{
	if (child->pid != 0)
		kill(child->pid, SIGKILL);
}

bool
children_tell(const struct child *child, enum op op, const void *body, size_t len)
{
	return child->sock != -1 && wire_send(child->sock, op, 0, ERR_OK, body, len, -1) == ERR_OK;
}
