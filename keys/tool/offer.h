#ifndef SEALSLOT_TOOL_OFFER_H
#define SEALSLOT_TOOL_OFFER_H

#include "base/buf.h"
#include "base/err.h"
#include "carry/schedule.h"
#include "sign/sign.h"
#include "tool.h"

/*
 * An offer: the epoch keys that another desk has made for an inbox that both
 * share (keys/FORMATS.md section 4). It has the form of a schedule with one
 * inbox and the epochs of the one it answers, that desk's recipients, what it
 * revokes and its reply key, and is signed by that reply key under a comment of
 * its own.
 */
struct offer {
	struct schedule *s;
	struct minisign_key desk; /* the reply key that signed it */
};

/* Appends text and signature. ERR_LIMIT. */
enum err MUST_CHECK offer_sign(
    const struct schedule *s, const struct sign_key *reply, struct buf *text, struct buf *sig);
/* Reads a file and its signature (.minisig); *out is the caller's (offer_wipe). */
enum err MUST_CHECK offer_read(const char *path, struct offer *out, struct tool_fault *f);
struct offer_result {
	uint32_t added;    /* recipients that are new */
	uint32_t replaced; /* recipients that are new, instead of one that is revoked now */
};
/*
 * Adds an offer to the schedule that is being made. expected is the reply key of a desk that
 * the schedule doesn't know yet, or NULL.
 */
enum err MUST_CHECK offer_merge(struct schedule *s, const struct offer *o, const char *path,
    const struct minisign_key *expected, struct offer_result *out, struct tool_fault *f);
void offer_wipe(struct offer *o);

#endif
