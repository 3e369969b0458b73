#ifndef SEALSLOT_PARENT_LISTEN_H
#define SEALSLOT_PARENT_LISTEN_H

#include "base/err.h"
#include "parent/setup.h"
#include "wire/reason.h"

#define LISTEN_TEXT_MAX 1100

/*
 * The socket that tor (or nobody else) connects to: handed over by systemd
 * (LISTEN_FDS), or opened as the configuration says. A Unix socket gets mode
 * 0660 and the configured user's group; one that a dead server left is replaced,
 * one where somebody answers isn't (ERR_BUSY).
 */
struct listen {
	int fd;
	char text[LISTEN_TEXT_MAX];   /* where, for the user */
	char unlink[LISTEN_TEXT_MAX]; /* the Unix socket to remove at the end; "" if none */
};

enum err MUST_CHECK listen_open(const struct setup *s, struct listen *l, struct reason *why);
void listen_close(struct listen *l);

#endif
