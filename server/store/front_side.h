#ifndef SEALSLOT_STORE_FRONT_SIDE_H
#define SEALSLOT_STORE_FRONT_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/committer.h"
#include "store/depot.h"
#include "store/in_flight.h"
#include "wire/wire.h"

/*
 * Store's side of the socket to front: uploads in flight, and what front is
 * told. Front isn't trusted: what an upload may become is reserved when it
 * begins, and polled while it grows.
 *
 * While the socket is full one message waits in the outbox, and nothing more
 * is read or taken from the committer: a front that doesn't listen can't make
 * any queue grow.
 */
struct front_side {
	struct depot *depot;         /* borrowed */
	struct committer *committer; /* borrowed */
	int sock;                    /* -1: no front */
	uint32_t generation; /* of fronts: an old one's jobs aren't answered to the new one */
	bool is_draining;
	bool is_read_only; /* the disk, as the last try to begin has shown */
	struct in_flight in_flight;
	bool has_outbox;
	struct wire_msg outbox;
	/* what front was told last */
	bool is_told_room, is_told_schedule;
	struct op_room room;
	enum err verdict;
	uint32_t serial;
	int32_t today;
};

void front_side_init(struct front_side *f, struct depot *depot, struct committer *committer);
/* A new front; sock is f's now. What the old one had open is dropped. */
void front_side_attach(struct front_side *f, int sock);
void front_side_detach(struct front_side *f);
/* What to poll sock for. */
short front_side_events(const struct front_side *f);
/*
 * Sends and receives what can be. ERR_CLOSED: front is gone; ERR_FORMAT: it
 * broke the rules. In both cases it is detached.
 */
enum err MUST_CHECK front_side_on_ready(struct front_side *f);
/* Takes what the committer has finished, and answers. ERR_FORMAT as above. */
enum err MUST_CHECK front_side_on_committed(struct front_side *f);
/* Once a second: polls the uploads, tells about room, schedule and clock. ERR_FORMAT as above. */
enum err MUST_CHECK front_side_tick(struct front_side *f);
/* The schedule is another one, or the clock's verdict: tell. */
void front_side_tell_schedule(struct front_side *f);
/* What one more upload may have, as front is told. */
struct op_room front_side_room(const struct front_side *f);

#endif
