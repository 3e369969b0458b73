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
 * fd is the door's now, and so is what a holds.
 */
struct door_guest {
	uint64_t to_come; /* bytes that the client is still going to send; 0 if that isn't known, or
			     if it waits for an answer first */
	uint32_t circuit; /* the gate's number for where it came from */
	bool is_head;     /* answer without a body */
};
void door_take(struct door *d, int fd, const struct door_guest *about, struct answer *a);
/* The guest of this circuit that is here longest is dismissed; circuit 0: of any, if it is here
 * since before (clock_mono_ms). False: there is none. */
bool door_yield(struct door *d, uint32_t circuit, int64_t before);
/* How many are at the door. */
size_t door_guests(const struct door *d);

#endif
