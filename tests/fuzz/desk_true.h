#ifndef SEALSLOT_FUZZ_DESK_TRUE_H
#define SEALSLOT_FUZZ_DESK_TRUE_H

#include "peer.h"
#include "wire/wire.h"

/* What fuzz_desk.c's input can't guess. */

/* A token; with PEER_TRUE nothing but that, or the codename of its receipt. body: what the step
 * points to from then on. */
void desk_true_fill_in(struct peer_step *s, uint8_t body[static WIRE_BODY_MAX]);
/* Replies to the name of an upload that the content says; the caller's to close. */
int desk_true_reply(const struct peer_step *s);

#endif
