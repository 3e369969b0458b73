#ifndef SEALSLOT_TOOL_RENEW_H
#define SEALSLOT_TOOL_RENEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony.h"
#include "offer.h"
#include "plan.h"
#include "published.h"
#include "renew_reply.h"
#include "replace_range.h"
#include "tool.h"
#include "undo.h"

/*
 * The one way in which a key store comes to a new schedule, for every verb
 * that changes it: plan, make and replace keys, test all, sign, write. Each step can be
 * cut off; the next run goes on from what is there. What is refused before it writes a schedule
 * leaves no key that it made.
 */
#define RENEW_OFFERS_MAX 16

struct renew_request {
	const char *path; /* of the key store */
	const char *passphrase_file;
	struct plan_request plan;            /* instance and have are filled in here */
	bool is_revoke;                      /* there must be a schedule already */
	const struct replace_range *replace; /* NULL: no key is to be replaced */
	bool replaces_reply;                 /* this desk's reply key */
	const struct minisign_key
	    *drop;          /* the reply key of another desk, which is listed no more; NULL */
	bool replaces_lost; /* keys that the schedule lists and the key store doesn't have */
	const char *offers[RENEW_OFFERS_MAX];
	size_t n_offers;
	struct minisign_key desk;
	bool has_desk;
};

struct renew {
	const struct renew_request *q;
	struct keystore *k;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct sign_key *root; /* guarded */
	struct renew_reply reply;
	struct published old, next;
	struct offer offers[RENEW_OFFERS_MAX];
	uint32_t made, tested, replaced;
	struct offer_result offered;
	bool is_same; /* nothing had to be signed */
	struct undo undo;
};

/* Opens and locks the key store, and does it all. *r is the caller's (renew_wipe), also after a
 * failure. */
enum err MUST_CHECK renew_run(struct renew *r, const struct renew_request *q, struct tool_fault *f);
/* Says on standard output what was done, and what to do next. */
void renew_print(const struct renew *r);
/* Accepts a zeroed struct. */
void renew_wipe(struct renew *r);

#endif
