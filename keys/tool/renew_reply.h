#ifndef SEALSLOT_TOOL_RENEW_REPLY_H
#define SEALSLOT_TOOL_RENEW_REPLY_H

#include <stdbool.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "open/keystore.h"
#include "sign/sign.h"
#include "tool.h"

/*
 * The reply key of this desk, and how the next one takes its place: made as next-reply.age, listed
 * by the next schedule, then renamed. Cut off at any step, the next run goes on from what is there.
 */
struct renew_reply {
	/* Set before; borrowed. */
	struct keystore *k;
	const char *instance;
	const struct schedule *listed; /* the last schedule; NULL: there is none */
	bool must_go;                  /* the one that the key store has is to be replaced */
	/* Filled in. */
	struct sign_key *key; /* guarded, owned: the one that is to be listed */
	bool has_swapped;     /* a run that was cut off had it listed; it is in place now */
	bool swaps;           /* key is the next one, and the one before is this: */
	struct minisign_key before;
	bool has_stale; /* one that is listed may be this desk's, and which one can't be told */
};

/* reply.age; or, if that isn't to be listed (again), the next one. The caller holds the lock; wipes
 * *r also after a failure. */
enum err MUST_CHECK renew_reply_load(struct renew_reply *r, struct tool_fault *f);
/* The schedule lists it: now it is the reply key. */
enum err MUST_CHECK renew_reply_swap(struct renew_reply *r, struct tool_fault *f);
/* No schedule lists it: a next reply key that stayed would keep backup and reviewer-copy waiting.
 */
void renew_reply_undo(struct renew_reply *r);
/* Accepts a zeroed struct. */
void renew_reply_wipe(struct renew_reply *r);

#endif
