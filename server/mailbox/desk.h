#ifndef SEALSLOT_MAILBOX_DESK_H
#define SEALSLOT_MAILBOX_DESK_H

#include <stdint.h>

#include "base/err.h"
#include "wire/wire.h"

/*
 * What the mailbox process does with a message: codenames for uploads,
 * sign-in, sessions, reading and removing replies. No descriptors of its own
 * but the deriver's: main.c owns the sockets and the loop.
 */
struct desk;

/* How it speaks: both send what they are given, or drop it when the peer is gone. */
struct desk_lines {
	void *ctx;
	void (*to_front)(
	    void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len);
	/* ERR_CLOSED: store is gone. */
	enum err (*to_store)(void *ctx, enum op op, uint32_t ref, const void *body, size_t len);
};

/* workers: threads for Argon2id. at_once: uploads that may begin at once, each of which finds a
 * codename that was derived ahead. instance: borrowed for good. */
enum err MUST_CHECK desk_new(unsigned workers, size_t at_once, const char *instance,
    const struct desk_lines *lines, struct desk **out);
/* Wipes everything. Accepts NULL. */
void desk_free(struct desk *d);
/* Readable when desk_on_ready must be called. */
int desk_fd(const struct desk *d);
void desk_on_ready(struct desk *d);
/* Messages that the op table has let through. m->fd stays the caller's; m is wiped by the caller.
 */
void desk_from_front(struct desk *d, const struct wire_msg *m);
void desk_from_store(struct desk *d, const struct wire_msg *m);
/* front is a new process: what the old one had under way is forgotten; sessions stay. */
void desk_front_lost(struct desk *d);
/* store is a new process: who waits for it gets an error. */
void desk_store_lost(struct desk *d);
/* What time does: call it when it says so. Returns ms until the next call, -1: never. */
int64_t desk_tick(struct desk *d);

#endif
