#ifndef SEALSLOT_STORE_MAILBOX_SIDE_H
#define SEALSLOT_STORE_MAILBOX_SIDE_H

#include "base/err.h"
#include "store/depot.h"
#include "wire/wire.h"

/*
 * Store's side of the socket to the mailbox: gives and removes sealed replies.
 * While the socket is full one answer waits in the outbox, and nothing more is
 * read: a mailbox that doesn't listen makes nobody else wait.
 */
struct mailbox_side {
	struct depot *depot; /* borrowed */
	int sock;            /* -1: no mailbox */
	bool has_outbox;
	struct wire_msg outbox;
};

void mailbox_side_init(struct mailbox_side *m, struct depot *depot);
/* A new mailbox; sock is m's now. */
void mailbox_side_attach(struct mailbox_side *m, int sock);
void mailbox_side_detach(struct mailbox_side *m);
/* What to poll sock for. */
short mailbox_side_events(const struct mailbox_side *m);
/* Answers what has come; lets go of a mailbox that is gone, or breaks the rules. */
void mailbox_side_on_ready(struct mailbox_side *m);

#endif
