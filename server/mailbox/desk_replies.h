#ifndef SEALSLOT_MAILBOX_DESK_REPLIES_H
#define SEALSLOT_MAILBOX_DESK_REPLIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/desk.h"
#include "mailbox/session.h"
#include "mailbox/views.h"
#include "wire/wire.h"

/*
 * The desk's work on replies: who has a session reads those of its mailbox,
 * piece by piece, or removes one; store has them. It answers by itself; times
 * are clock_mono_ms.
 */
struct desk_replies {
	const struct desk_lines *lines; /* borrowed */
	struct session_table *sessions; /* borrowed */
	struct views *views;
};

/* ERR_NOMEM. */
enum err MUST_CHECK desk_replies_init(
    struct desk_replies *r, const struct desk_lines *lines, struct session_table *sessions);
/* Accepts one that is all zeros. */
void desk_replies_wipe(struct desk_replies *r);

/* What front asks; the op table has let it through. */
void desk_replies_read(struct desk_replies *r, const struct wire_msg *m);
void desk_replies_read_more(struct desk_replies *r, uint32_t ref);
void desk_replies_remove(struct desk_replies *r, const struct wire_msg *m);
/* What store answers. m->fd stays the caller's. */
void desk_replies_from_store(struct desk_replies *r, const struct wire_msg *m);

/* front is a new process: nobody reads any more. */
void desk_replies_clear(struct desk_replies *r);
/* store is a new process: who waits for it gets an error. */
void desk_replies_store_lost(struct desk_replies *r);
/* Ends what has taken too long. */
void desk_replies_sweep(struct desk_replies *r, int64_t now);
/* How many read now. */
size_t desk_replies_count(const struct desk_replies *r);

#endif
