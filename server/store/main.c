#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/random.h"
#include "store/service.h"
#include "wire/wire.h"

/*
 * sealslotd-store: the only process with files and SQLite. It isn't started by
 * hand: sealslotd does, with a socket as descriptor 3.
 */
#define PARENT_FD    3
#define HAND_OVER_MS 30000
#define LARGE_BLOCK  (128 * 1024)

static int
fail(const struct reason *why)
{
	fprintf(stderr, "sealslotd: store: %s\n", why->text);
	return 1;
}

static enum err
take_conf(struct service_setup *s, struct wire_msg *m, struct reason *why)
{
	struct conf_fault fault = {0};
	struct buf text;
	enum err e;

	buf_init(&text, LIMIT_CONF);
	if (s->conf != NULL)
		e = ERR_STATE;
	else if ((e = minisign_key_parse(&s->root, (char *)m->body, m->len)) == ERR_OK &&
		 (e = wire_memfd_read(m->fd, &text)) == ERR_OK)
		e = conf_parse((char *)text.p, text.len, &s->conf, &fault);
	if (e != ERR_OK)
		reason_sys(why, e, "The configuration didn't arrive whole");
	buf_wipe(&text);
	return e;
}

static enum err
take_peer(struct service_setup *s, struct wire_msg *m, struct reason *why)
{
	struct op_peer peer;
	int *to;

	memcpy(&peer, m->body, sizeof peer);
	to = peer.role == ROLE_ADMIN     ? &s->admin
	     : peer.role == ROLE_MAILBOX ? &s->mailbox
					 : &s->front;
	if (peer.role == ROLE_PARENT || peer.role == ROLE_STORE || peer.role >= ROLE_COUNT ||
	    *to != -1)
		return reason_set(why, ERR_FORMAT, "An unexpected peer was handed over.");
	*to = m->fd;
	m->fd = -1;
	return ERR_OK;
}

/* Only a verb that has the store for itself may repair it. */
static enum err
take_go(struct service_setup *s, const struct wire_msg *m, struct reason *why)
{
	struct op_go go;

	memcpy(&go, m->body, sizeof go);
	if (go.care > OP_CARE_REPAIR || (go.care != OP_CARE_WORK && s->admin == -1))
		return reason_set(why, ERR_FORMAT, "The parent process speaks out of turn.");
	s->may_lack_landlock = go.may_lack_landlock != 0;
	s->care = (enum depot_care)go.care;
	return ERR_OK;
}

/* Until the parent says go, or init: *last says which. */
static enum err
take_over(struct service_setup *s, uint32_t *last, struct reason *why)
{
	struct wire_msg m;
	enum err e;

	do {
		e = wire_wait(s->parent, ROLE_PARENT, ROLE_STORE, HAND_OVER_MS, &m);
		if (e != ERR_OK)
			return reason_sys(why, e, "No word from the parent process");
		if (m.op == OP_CONF)
			e = take_conf(s, &m, why);
		else if (m.op == OP_PEER)
			e = take_peer(s, &m, why);
		else if ((m.op != OP_GO && m.op != OP_INIT) || s->conf == NULL)
			e = reason_set(why, ERR_FORMAT, "The parent process speaks out of turn.");
		if (e == ERR_OK && m.op == OP_GO)
			e = take_go(s, &m, why);
		io_close(&m.fd);
	} while (e == ERR_OK && m.op != OP_GO && m.op != OP_INIT);
	*last = m.op;
	return e;
}

static enum err
init_store(const struct service_setup *s, struct reason *why)
{
	enum err e;

	if ((e = depot_create(s->conf, &s->root, why)) != ERR_OK)
		return e;
	if ((e = wire_send(s->parent, OP_READY, 0, ERR_OK, NULL, 0, -1)) != ERR_OK)
		return reason_sys(why, e, "The parent process is gone");
	return ERR_OK;
}

int
main(void)
{
	struct service_setup setup = {.parent = PARENT_FD, .front = -1, .mailbox = -1, .admin = -1};
	struct reason why = {""};
	uint32_t last = 0;
	enum err e;

	/* The parent says when to end. SIGIO: somebody opens a leased file. */
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	prctl(PR_SET_NAME, "sealslotd-store");
	mallopt(M_ARENA_MAX, 1);                /* small, and freed memory is found again */
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK); /* an export's lists go back to the system */
	if (fcntl(PARENT_FD, F_SETFD, FD_CLOEXEC) == -1) {
		reason_set(&why, ERR_USAGE, "This program is started by sealslotd, not by hand.");
		return fail(&why);
	}
	if (random_start() != 0 || clock_start() != 0) {
		reason_set(&why, ERR_CRYPTO, "libsodium or the clock doesn't start.");
		return fail(&why);
	}
	if ((e = take_over(&setup, &last, &why)) == ERR_OK)
		e = last == OP_INIT ? init_store(&setup, &why) : service_run(&setup, &why);
	io_close(&setup.front);
	io_close(&setup.mailbox);
	io_close(&setup.admin);
	conf_free(setup.conf);
	return e == ERR_OK ? 0 : fail(&why);
}
