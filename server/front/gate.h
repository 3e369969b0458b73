#ifndef SEALSLOT_FRONT_GATE_H
#define SEALSLOT_FRONT_GATE_H

#include <stddef.h>

#include "base/err.h"
#include "front/loop.h"
#include "front/request.h"

/*
 * Where connections come in. A visitor stays at the gate until the head of its
 * request has come in full: it is looked at without being taken from the
 * socket (MSG_PEEK), judged by request.c, and only then does somebody else get
 * the connection, with all its bytes still to be read. So slow heads cost a
 * descriptor and a hundred bytes, and libmicrohttpd only ever sees heads that
 * were found good. (On a Unix socket the kernel takes only some 70 unread writes:
 * a head in more pieces than that doesn't get in. tor writes whole cells, and
 * 33 of them are 16 KiB.)
 *
 * At most LIMIT_HTTP_CONNECTIONS exist, here and further inside. When all are
 * taken, the visitor that waits longest without a full head gives way; when
 * there is none, new ones wait in the kernel.
 */
struct gate;

/*
 * The head has come: fd is the callee's, nothing of it has been read; the head has head_len bytes.
 * With a fault r is filled in as far as possible, and head_len is 0 when its end isn't known.
 */
typedef void gate_request(
    void *ctx, int fd, const struct request *r, enum request_fault f, size_t head_len);

/* listener is non-blocking, and borrowed. */
enum err MUST_CHECK gate_new(struct loop *l, int listener, int64_t header_ms, gate_request *request,
    void *ctx, struct gate **out);
/* Closes those who wait. Accepts NULL. */
void gate_free(struct gate *g);
/* A connection that went through the gate was closed: its place is free. */
void gate_left(struct gate *g);

#endif
