#ifndef SEALSLOT_FRONT_GATE_H
#define SEALSLOT_FRONT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * taken, one of the circuit that holds most gives way, if that holds more than
 * LIMIT_CIRCUIT_MODEST; otherwise the visitor that waits longest without a
 * full head, then whoever inside has been silent for long; when there is none,
 * new ones wait in the kernel. A circuit never gets more than LIMIT_CIRCUIT_PLACES.
 */
struct gate;

/*
 * The head has come: fd is the callee's, nothing of it has been read; the head has head_len bytes.
 * With a fault r is filled in as far as possible, and head_len is 0 when its end isn't known.
 */
typedef void gate_request(
    void *ctx, int fd, const struct request *r, enum request_fault f, size_t head_len);

/*
 * All places are taken, and no visitor may be turned away for another: does somebody inside give
 * way? circuit: one of that circuit; 0: whoever has been silent for long. True: a place is free
 * now, or gate_left will be called soon.
 */
typedef bool gate_yield(void *ctx, uint32_t circuit);

struct gate_setup {
	int listener;      /* non-blocking, borrowed */
	int64_t header_ms; /* how long a head may take */
	bool has_circuits; /* each connection begins with the line that proxy.h reads */
	gate_request *request;
	gate_yield *yield;
	void *ctx;
};

enum err MUST_CHECK gate_new(struct loop *l, const struct gate_setup *setup, struct gate **out);
/* Closes those who wait. Accepts NULL. */
void gate_free(struct gate *g);
/* A connection of a circuit that went through the gate was closed: its place is free. */
void gate_left(struct gate *g, uint32_t circuit);

#endif
