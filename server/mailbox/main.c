#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/random.h"
#include "mailbox/service.h"
#include "wire/wire.h"

/*
 * sealslotd-mailbox: the only process that runs Argon2id and opens replies. It
 * has no file and no network. It isn't started by hand: sealslotd does, with a
 * socket as descriptor 3.
 */
#define PARENT_FD    3
#define HAND_OVER_MS 30000

static enum err
take_conf(struct service_setup *s, struct wire_msg *m)
{
	struct conf_fault fault;
	struct buf text;
	enum err e;

	if (s->conf != NULL)
		return ERR_STATE;
	buf_init(&text, LIMIT_CONF);
	if ((e = wire_memfd_read(m->fd, &text)) == ERR_OK)
		e = conf_parse((char *)text.p, text.len, &s->conf, &fault);
	buf_wipe(&text);
	return e;
}

static enum err
take_peer(struct service_setup *s, struct wire_msg *m)
{
	struct op_peer peer;
	int *to;

	memcpy(&peer, m->body, sizeof peer);
	to = peer.role == ROLE_FRONT ? &s->front : &s->store;
	if ((peer.role != ROLE_FRONT && peer.role != ROLE_STORE) || *to != -1)
		return ERR_FORMAT;
	*to = m->fd;
	m->fd = -1;
	return ERR_OK;
}

static enum err
take(struct service_setup *s, struct wire_msg *m)
{
	struct op_go go;

	switch (m->op) {
	case OP_CONF: return take_conf(s, m);
	case OP_PEER: return take_peer(s, m);
	case OP_GO:
		memcpy(&go, m->body, sizeof go);
		s->may_lack_landlock = go.may_lack_landlock;
		return s->conf == NULL ? ERR_STATE : ERR_OK;
	default: return ERR_FORMAT;
	}
}

/* Until the parent says go. */
static enum err
take_over(struct service_setup *s)
{
	struct wire_msg m;
	enum err e;

	do {
		e = wire_wait(s->parent, ROLE_PARENT, ROLE_MAILBOX, HAND_OVER_MS, &m);
		if (e != ERR_OK)
			return e;
		e = take(s, &m);
		io_close(&m.fd);
	} while (e == ERR_OK && m.op != OP_GO);
	return e;
}

int
main(void)
{
	struct service_setup s = {.parent = PARENT_FD, .front = -1, .store = -1};
	struct reason why = {""};
	enum err e;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "sealslotd-mailbox");
	if (fcntl(PARENT_FD, F_SETFD, FD_CLOEXEC) == -1)
		e = reason_set(
		    &why, ERR_USAGE, "This program is started by sealslotd, not by hand.");
	else if (random_start() != 0 || clock_start() != 0)
		e = reason_set(&why, ERR_CRYPTO, "libsodium or the clock doesn't start.");
	else if ((e = take_over(&s)) != ERR_OK)
		reason_sys(&why, e, "The parent process hands over nothing that can be used");
	else
		e = service_run(&s, &why);
	io_close(&s.front);
	io_close(&s.store);
	conf_free(s.conf);
	if (e == ERR_OK)
		return 0;
	fprintf(stderr, "sealslotd: mailbox: %s\n", why.text);
	return 1;
}
