#ifndef SEALSLOT_PARENT_LINK_H
#define SEALSLOT_PARENT_LINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "parent/setup.h"
#include "wire/reason.h"
#include "wire/wire.h"

/*
 * A verb's line to the store: to the running server's admin socket, or, when
 * there is none, to a store process that works for this verb alone, under the
 * store's lock. So there is always one writer, and always the same program.
 */
struct link {
	int sock;
	int child_sock; /* -1: a server is running */
	pid_t child;
	bool is_serving; /* a server is running */
};
#define LINK_CLOSED ((struct link){.sock = -1, .child_sock = -1})

/*
 * Opens it, and compares the root key of the configuration with the store's.
 * ERR_CLOSED with an empty reason: the store process has told the user why itself.
 */
enum err MUST_CHECK link_open(const struct setup *s, struct link *l, struct reason *why);
/* Closes it, waits for the store process. Accepts LINK_CLOSED. */
void link_close(struct link *l);
/*
 * Asks, and waits for the answer, which must be this op; m is the question,
 * then the answer, its descriptor the caller's. Another error than ERR_OK is what the store says,
 * with its reason.
 */
enum err MUST_CHECK link_ask(
    const struct link *l, struct wire_msg *m, enum op answer, struct reason *why);

/* What the store says of itself; ERR_FORMAT when no store of ours would. */
enum err MUST_CHECK link_status(const struct link *l, struct op_status *st, struct reason *why);

/* Makes the store's content in its folder. As link_open. */
enum err MUST_CHECK link_init(const struct setup *s, struct reason *why);

#endif
