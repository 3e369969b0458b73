#include "parent/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "parent/children.h"
#include "parent/serving.h"

#define RETRY_MS       10000 /* after a child couldn't even be started */
#define STORE_DRAIN_MS 10000 /* for commits that front has been promised an answer to */
#define EXIT_MS        3000  /* from the closed socket to SIGKILL */

/* How far a server has come. */
enum phase {
	PHASE_STARTING, /* until all children work */
	PHASE_SERVING,
	PHASE_DRAINING_FRONT, /* uploads may end */
	PHASE_DRAINING_STORE, /* commits may end */
	PHASE_ENDED,
};

struct parent {
	struct children children;
	int signals;
	void (*serving)(void *ctx);
	void *ctx;
	enum phase phase;
	int64_t deadline; /* of a draining phase */
	enum err e;       /* why it ended */
	struct reason *why;
};

static void
end(struct parent *p, enum err e)
{
	if (p->phase != PHASE_ENDED)
		p->e = e;
	p->phase = PHASE_ENDED;
}

/* ---- death and restart */

static void
on_death(struct parent *p, struct child *c, int status)
{
	if (p->phase != PHASE_ENDED && WIFSIGNALED(status))
		fprintf(
		    stderr, "sealslotd: %s was ended by signal %d.\n", c->name, WTERMSIG(status));
	else if (p->phase != PHASE_ENDED)
		fprintf(
		    stderr, "sealslotd: %s ended with status %d.\n", c->name, WEXITSTATUS(status));
	children_bury(c, clock_mono_ms());
	if (p->phase == PHASE_STARTING)
		end(p,
		    reason_set(p->why, ERR_CLOSED, "The server doesn't start: %s ended.", c->name));
}

static void
reap(struct parent *p)
{
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < CHILDREN_N; i++)
			if (p->children.all[i].pid == pid)
				on_death(p, &p->children.all[i], status);
}

static void
restart_due(struct parent *p, int64_t now)
{
	struct child *c;
	size_t i;

	for (i = 0; i < CHILDREN_N && p->phase == PHASE_SERVING; i++) {
		c = &p->children.all[i];
		if (c->pid != 0 || now < c->start_at ||
		    children_start(&p->children, c, p->why) == ERR_OK)
			continue;
		fprintf(stderr, "sealslotd: %s\n", p->why->text);
		children_kill(c);
		c->start_at = now + RETRY_MS;
	}
}

/* ---- the way to the end */

static void
drain(struct parent *p, enum role role, enum phase phase, uint32_t ms)
{
	struct child *c = children_find(&p->children, role);
	struct op_drain body = {ms};

	p->phase = phase;
	p->deadline = clock_mono_ms() + ms;
	c->is_drained = !children_tell(c, OP_DRAIN, &body, sizeof body);
}

static void
on_end_signal(struct parent *p)
{
	uint32_t sec = p->children.setup->conf->drain_sec;

	switch (p->phase) {
	case PHASE_STARTING: end(p, ERR_OK); break;
	case PHASE_SERVING:
		if (sec > 0)
			drain(p, ROLE_FRONT, PHASE_DRAINING_FRONT, sec * 1000);
		else
			drain(p, ROLE_STORE, PHASE_DRAINING_STORE, STORE_DRAIN_MS);
		break;
	case PHASE_DRAINING_FRONT:
		drain(p, ROLE_STORE, PHASE_DRAINING_STORE, STORE_DRAIN_MS);
		break;
	case PHASE_DRAINING_STORE: /* a moment only, and somebody may wait for a receipt */
	case PHASE_ENDED: break;
	}
}

static bool
is_still_draining(struct parent *p, enum role role, int64_t now)
{
	const struct child *c = children_find(&p->children, role);

	return !c->is_drained && c->sock != -1 && now < p->deadline;
}

static void
advance(struct parent *p, int64_t now)
{
	if (p->phase == PHASE_DRAINING_FRONT && !is_still_draining(p, ROLE_FRONT, now))
		drain(p, ROLE_STORE, PHASE_DRAINING_STORE, STORE_DRAIN_MS);
	if (p->phase == PHASE_DRAINING_STORE && !is_still_draining(p, ROLE_STORE, now))
		end(p, ERR_OK);
}

/* A closed socket tells a child to end; who doesn't is killed. */
static void
end_children(struct parent *p)
{
	struct pollfd in = {.fd = p->signals, .events = POLLIN};
	int64_t until = clock_mono_ms() + EXIT_MS, left;
	struct signalfd_siginfo si;
	bool is_alive = true;
	size_t i;

	p->phase = PHASE_ENDED;
	for (i = 0; i < CHILDREN_N; i++)
		io_close(&p->children.all[i].sock);
	while (is_alive) {
		reap(p);
		is_alive = false;
		left = until - clock_mono_ms();
		for (i = 0; i < CHILDREN_N; i++) {
			is_alive = is_alive || p->children.all[i].pid != 0;
			if (left <= 0)
				children_kill(&p->children.all[i]);
		}
		if (is_alive && poll(&in, 1, left > 0 ? (int)left : EXIT_MS) == 1)
			(void)!read(p->signals, &si, sizeof si);
	}
}

/* ---- what children say */

static void
on_ready(struct parent *p, struct child *c)
{
	c->is_ready = true;
	if (p->phase == PHASE_STARTING && children_are_ready(&p->children)) {
		p->phase = PHASE_SERVING;
		p->serving(p->ctx);
	} else if (p->phase == PHASE_SERVING) {
		fprintf(stderr, "sealslotd: %s works again.\n", c->name);
	}
}

static void
on_blame(struct parent *p, const struct wire_msg *m)
{
	struct op_peer body;
	struct child *c = NULL;

	memcpy(&body, m->body, sizeof body);
	if (body.role < ROLE_COUNT)
		c = children_find(&p->children, (enum role)body.role);
	if (c == NULL)
		return;
	fprintf(stderr, "sealslotd: %s broke the rules and is ended.\n", c->name);
	children_kill(c);
}

/* A child that can't be understood isn't ours any more. */
static void
on_message(struct parent *p, struct child *c)
{
	struct wire_msg m;
	enum err e;

	while ((e = wire_recv(c->sock, c->role, ROLE_PARENT, &m)) == ERR_OK) {
		if (m.op == OP_READY)
			on_ready(p, c);
		else if (m.op == OP_DRAINED)
			c->is_drained = true;
		else
			on_blame(p, &m);
	}
	if (e == ERR_AGAIN)
		return;
	io_close(&c->sock);
	children_kill(c);
}

/* ---- the loop */

static void
on_signal(struct parent *p)
{
	struct signalfd_siginfo si;

	while (read(p->signals, &si, sizeof si) == (ssize_t)sizeof si) {
		if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT)
			on_end_signal(p);
		else if (si.ssi_signo == SIGHUP)
			/* A dead store loads it when it starts. */
			(void)children_tell(
			    children_find(&p->children, ROLE_STORE), OP_RELOAD, NULL, 0);
	}
	reap(p);
}

/* Milliseconds until the next restart or deadline; -1: nothing is planned. */
static int
next_wait(const struct parent *p, int64_t now)
{
	const struct child *c;
	int64_t at = INT64_MAX;
	size_t i;

	if (p->phase == PHASE_DRAINING_FRONT || p->phase == PHASE_DRAINING_STORE)
		at = p->deadline;
	for (i = 0; i < CHILDREN_N; i++) {
		c = &p->children.all[i];
		if (p->phase == PHASE_SERVING && c->pid == 0 && c->start_at < at)
			at = c->start_at;
	}
	if (at == INT64_MAX)
		return -1;
	return at <= now ? 0 : (int)(at - now);
}

static void
loop(struct parent *p)
{
	struct pollfd in[1 + CHILDREN_N];
	size_t i;

	while (p->phase != PHASE_ENDED) {
		in[0] = (struct pollfd){p->signals, POLLIN, 0};
		for (i = 0; i < CHILDREN_N; i++)
			in[1 + i] = (struct pollfd){p->children.all[i].sock, POLLIN, 0};
		if (poll(in, 1 + CHILDREN_N, next_wait(p, clock_mono_ms())) == -1) {
			if (errno == EINTR)
				continue;
			end(p,
			    reason_sys(p->why, ERR_SYS, "Can't wait for the server's processes"));
			return;
		}
		for (i = 0; i < CHILDREN_N; i++)
			if (in[1 + i].revents != 0)
				on_message(p, &p->children.all[i]);
		if (in[0].revents != 0)
			on_signal(p);
		advance(p, clock_mono_ms());
		restart_due(p, clock_mono_ms());
	}
}

static enum err
take_signals(struct parent *p)
{
	static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof taken / sizeof taken[0]; i++)
		sigaddset(&set, taken[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return ERR_SYS;
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signals == -1 ? ERR_SYS : ERR_OK;
}

enum err
supervise(
    const struct setup *s, int listener, void (*serving)(void *ctx), void *ctx, struct reason *why)
{
	struct parent p = {.signals = -1, .serving = serving, .ctx = ctx, .why = why};
	int serving_lock = -1;
	enum err e;
	size_t i;

	if ((e = children_init(&p.children, s, listener, why)) != ERR_OK)
		return e;
	if ((e = setup_drop_root(s)) != ERR_OK)
		reason_sys(why, e, "Can't become the server's user");
	else if ((e = serving_hold(s->conf->store_path, &serving_lock, why)) == ERR_OK &&
		 (e = take_signals(&p)) != ERR_OK)
		reason_sys(why, e, "Can't set up signals");
	for (i = 0; i < CHILDREN_N && e == ERR_OK; i++)
		e = children_start(&p.children, &p.children.all[i], why);
	if (e == ERR_OK) {
		loop(&p);
		e = p.e;
	}
	if (p.signals != -1)
		end_children(&p);
	children_close(&p.children);
	io_close(&p.signals);
	io_close(&serving_lock);
	return e;
}
