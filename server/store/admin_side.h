#ifndef SEALSLOT_STORE_ADMIN_SIDE_H
#define SEALSLOT_STORE_ADMIN_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/admin_export.h"
#include "store/confirm.h"
#include "store/depot.h"
#include "store/front_side.h"
#include "store/settle.h"
#include "wire/reason.h"
#include "wire/wire.h"

/*
 * Store's side of the admin's verbs: one question, one answer, on admin.sock
 * or on a socket that the verb made itself when no server runs. Only root and
 * the store's own user may ask.
 */
struct admin {
	int sock; /* -1: this place is free */
	struct admin_export export;
	struct confirm *answers; /* that wait for hashes; NULL: none */
};

struct admin_side {
	struct depot *depot;      /* borrowed */
	struct front_side *front; /* borrowed */
	struct settle *settle;    /* borrowed; NULL: none */
	int listener;             /* -1: none */
	struct admin admins[LIMIT_ADMINS];
};

void admin_side_init(struct admin_side *a, struct depot *depot, struct front_side *front);
/* Opens admin.sock in the store's folder. The caller holds the store's lock: an old one is stale.
 */
enum err MUST_CHECK admin_side_listen(struct admin_side *a, struct reason *why);
/* Closes all, removes admin.sock. */
void admin_side_close(struct admin_side *a);
/* Somebody knocks at the listener. */
void admin_side_accept(struct admin_side *a);
/* A connection that needs no proof: the parent made it. ERR_BUSY: no place is free; sock is closed
 * then. */
enum err MUST_CHECK admin_side_attach(struct admin_side *a, int sock);
/* Answers what this admin has asked; lets go of it when it is gone. */
void admin_side_on_readable(struct admin_side *a, struct admin *admin);

#endif
