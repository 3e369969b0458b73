#ifndef SEALSLOT_FRONT_DOOR_H
#define SEALSLOT_FRONT_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/gate.h"
#include "front/loop.h"

/*
 * Where refused requests go out. Browsers don't read an answer while they are
 * still sending, and lose it when the connection is closed under them: so the
 * rest of the body is swallowed first, and then the answer is sent. A body of
 * more than LIMIT_DRAIN_BYTES, or one that takes longer than the drain time,
 * is answered while it still comes; the connection stays open as long as the
 * same limits permit, in the hope that the client looks.
 *
 * libmicrohttpd isn't involved: it must not see what was refused.
 */
struct door;

/* The gate hears of each connection that was closed. */
enum err MUST_CHECK door_new(struct loop *l, struct gate *g, int64_t drain_ms, struct door **out);
/* Closes all. Accepts NULL. */
void door_free(struct door *d);
/*
 * fd is the door's now, and so is what a holds. to_come: bytes that the client
 * is still going to send; 0 if that isn't known, or if it waits for an answer first. is_head:
 * answer without a body.
 */
void door_take(struct door *d, int fd, uint64_t to_come, struct answer *a, bool is_head);
/* How many are at the door. */
size_t door_guests(const struct door *d);

#endif
