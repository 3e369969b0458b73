#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/random.h"
#include "front/front.h"
#include "sandbox/sandbox.h"
#include "wire/wire.h"

/*
 * sealslotd-front: the only process with a network. It isn't started by hand:
 * sealslotd does, with a socket as descriptor 3, over which everything else
 * comes: it opens no file.
 */
#define PARENT_FD    3
#define HAND_OVER_MS 30000
#define WORKERS_MAX  8
#define DESCRIPTORS  (2 * LIMIT_HTTP_CONNECTIONS + LIMIT_IN_FLIGHT_MAX + 256)
#define MEMORY       (256UL << 20)

_Static_assert(DESCRIPTORS <= SANDBOX_DESCRIPTORS_MAX, "the filter tells them apart");

static enum err
take_conf(struct front_setup *s, struct wire_msg *m)
{
	struct conf_fault fault;
	struct buf text;
	enum err e;

	if (s->conf != NULL)
		return ERR_STATE;
	buf_init(&text, LIMIT_CONF);
	if ((e = minisign_key_parse(&s->root, (char *)m->body, m->len)) == ERR_OK &&
	    (e = wire_memfd_read(m->fd, &text)) == ERR_OK)
		e = conf_parse((char *)text.p, text.len, &s->conf, &fault);
	buf_wipe(&text);
	return e;
}

/* Keeps the descriptor of a message, once. */
static enum err
keep(int *to, struct wire_msg *m)
{
	if (*to != -1)
		return ERR_STATE;
	*to = m->fd;
	m->fd = -1;
	return ERR_OK;
}

static enum err
take_peer(struct front_setup *s, struct wire_msg *m)
{
	struct op_peer peer;

	memcpy(&peer, m->body, sizeof peer);
	if (peer.role == ROLE_MAILBOX)
		return keep(&s->mailbox, m);
	return peer.role == ROLE_STORE ? keep(&s->store, m) : ERR_FORMAT;
}

static enum err
take(struct front_setup *s, struct wire_msg *m)
{
	switch (m->op) {
	case OP_CONF: return take_conf(s, m);
	case OP_LOGO: return s->logo.len != 0 ? ERR_STATE : wire_memfd_read(m->fd, &s->logo);
	case OP_LISTEN: return keep(&s->listener, m);
	case OP_PEER: return take_peer(s, m);
	case OP_GO:
		s->may_lack_landlock =
		    ((const struct op_go *)(const void *)m->body)->may_lack_landlock;
		return s->conf != NULL && s->listener != -1 && s->store != -1 ? ERR_OK : ERR_STATE;
	default: return ERR_FORMAT;
	}
}

/* Until the parent says go. */
static enum err
take_over(struct front_setup *s)
{
	struct wire_msg m;
	enum err e;

	do {
		e = wire_wait(s->parent, ROLE_PARENT, ROLE_FRONT, HAND_OVER_MS, &m);
		if (e != ERR_OK)
			return e;
		e = take(s, &m);
		io_close(&m.fd);
	} while (e == ERR_OK && m.op != OP_GO);
	return e;
}

static unsigned
cores(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	return n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

/* What it doesn't need it gives up before its threads start, and the rest after. */
static enum err
serve(struct front_setup *s, struct reason *why)
{
	const struct sandbox_plan plan = {.role = ROLE_FRONT,
	    .dirfd = -1,
	    .descriptors = DESCRIPTORS,
	    .may_lack_landlock = s->may_lack_landlock};
	struct front *f = NULL;
	enum err e;

	if ((e = sandbox_begin(&plan, MEMORY, why)) != ERR_OK)
		return e;
	e = front_new(s, &f);
	s->store = s->mailbox = -1; /* front's now */
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't start");
	if ((e = sandbox_complete(ROLE_FRONT, s->listener, why)) == ERR_OK &&
	    (e = wire_send(s->parent, OP_READY, 0, ERR_OK, NULL, 0, -1)) == ERR_OK)
		e = front_run(f);
	front_free(f);
	return e;
}

static int
fail(const struct reason *why)
{
	fprintf(stderr, "sealslotd: front: %s\n", why->text);
	return 1;
}

int
main(void)
{
	struct front_setup s = {.parent = PARENT_FD, .listener = -1, .store = -1, .mailbox = -1};
	struct reason why = {""};
	enum err e;

	buf_init(&s.logo, LIMIT_LOGO);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "sealslotd-front");
	if (fcntl(PARENT_FD, F_SETFD, FD_CLOEXEC) == -1)
		e = reason_set(
		    &why, ERR_USAGE, "This program is started by sealslotd, not by hand.");
	else if (random_start() != 0 || clock_start() != 0)
		e = reason_set(&why, ERR_CRYPTO, "libsodium or the clock doesn't start.");
	else if ((e = take_over(&s)) != ERR_OK)
		reason_sys(&why, e, "The parent process hands over nothing that can be used");
	s.workers = cores();
	if (e == ERR_OK)
		e = serve(&s, &why);
	io_close(&s.listener);
	io_close(&s.store);
	io_close(&s.mailbox);
	conf_free(s.conf);
	buf_wipe(&s.logo);
	if (e != ERR_OK && why.text[0] == '\0')
		reason_sys(&why, e, "It can't go on");
	return e == ERR_OK ? 0 : fail(&why);
}
