#ifndef SEALSLOT_STORE_SERVICE_H
#define SEALSLOT_STORE_SERVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"
#include "store/depot.h"
#include "wire/reason.h"

/* What the parent has handed over before the store begins to work. */
struct service_setup {
	int parent;        /* the socket to the parent */
	struct conf *conf; /* owned */
	struct minisign_key root;
	int front, mailbox, admin; /* sockets; -1: none */
	bool may_lack_landlock;
	enum depot_care care;
};

/*
 * The store at work: one thread for front, the admins and the parent, the
 * committer's threads beside it. Returns ERR_OK when the parent is gone, which
 * is how the store is told to end. setup's sockets are closed at the end.
 */
enum err MUST_CHECK service_run(struct service_setup *setup, struct reason *why);

#endif
