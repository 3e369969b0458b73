#ifndef SEALSLOT_STORE_SLOTS_H
#define SEALSLOT_STORE_SLOTS_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/store.h"
#include "wire/op.h"

/*
 * The uploads that front has under way with store, on front's side. What
 * doesn't fit into the socket at once stays due in its upload's slot, so no
 * queue can grow and nothing ever waits. Internal to store_client.c.
 */

/* What an upload's slot is up to. DUE: a message that still has to be sent. */
enum slot_state {
	SLOT_FREE,
	SLOT_BEGIN_DUE,
	SLOT_BEGIN_SENT,
	SLOT_OPEN,
	SLOT_COMMIT_DUE,
	SLOT_COMMIT_SENT,
	SLOT_ABORT_DUE,
};

struct slot {
	enum slot_state state;
	uint32_t ref;
	void *ctx;
	store_begun *begun;
	store_committed *committed;
	union {
		struct op_begin begin;
		struct op_commit commit;
	} body;
};

struct slots {
	uint32_t generation;
	struct slot all[LIMIT_IN_FLIGHT_MAX];
};

/* All free. Answers to somebody before us, of whatever kind, find no slot of ours. */
void slots_init(struct slots *s);
/* A free one with a new ref, whose begin is due; NULL: there is none. */
struct slot *slots_take(struct slots *s);
/* NULL: no upload has this ref (any more). */
struct slot *slots_find(struct slots *s, uint32_t ref);
void slots_release(struct slot *slot);
/* Sends what a slot has due, if anything; ERR_AGAIN leaves it due. Others as wire_send. */
enum err MUST_CHECK slots_send(struct slot *slot, int sock);
/* The same for each. ERR_AGAIN: there is more to send; a broken socket is no error here. */
enum err MUST_CHECK slots_send_all(struct slots *s, int sock);
/* Every upload learns that its store is gone; its slot is free before its callback runs. */
void slots_lose(struct slots *s);

#endif
