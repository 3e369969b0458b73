#ifndef SEALSLOT_MAILBOX_SERVICE_H
#define SEALSLOT_MAILBOX_SERVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"
#include "wire/reason.h"

/* What the parent has handed over before the mailbox begins to work. */
struct service_setup {
	int parent;        /* the socket to the parent */
	struct conf *conf; /* owned */
	int front, store;  /* sockets; -1: none */
	bool may_lack_landlock;
};

/*
 * The mailbox at work: one thread for all sockets, the deriver's workers beside
 * it. Returns ERR_OK when the parent is gone, which is how it is told to end.
 * setup's sockets are closed at the end.
 */
enum err MUST_CHECK service_run(struct service_setup *setup, struct reason *why);

#endif
