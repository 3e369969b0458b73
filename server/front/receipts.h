#ifndef SEALSLOT_FRONT_RECEIPTS_H
#define SEALSLOT_FRONT_RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "front/form_token.h"

/*
 * What was committed in the last LIMIT_RECEIPT_MS, so that a receipt can be
 * shown again and a form that is sent twice is stored once. Memory only, at
 * most LIMIT_RECEIPTS, then the oldest goes. Of tokens and cookies only hashes
 * are kept; the cookie itself is hidden under a hash of the form's token, which
 * only its sender has: our memory alone opens nobody's session. Times are clock_mono_ms.
 */
struct receipts;

#define RECEIPTS_TOKEN FORM_TOKEN_LEN /* of a form's token, and of a cookie */

/* What a receipt says; the codename itself is with the mailbox, behind the cookie. */
struct receipt_note {
	bool is_signed_in; /* it went into the mailbox of somebody who was signed in */
	bool
	    has_session; /* the cookie is a session of the mailbox's; false: the codename is lost */
	uint32_t epoch;
	char inbox[LIMIT_INBOX_NAME + 1];
};

enum err MUST_CHECK receipts_new(struct receipts **out);
void receipts_free(struct receipts *r); /* accepts NULL */

/* The form with this token was committed; the cookie shows its receipt from now on. */
void receipts_add(struct receipts *r, const char *token,
    const char cookie[static RECEIPTS_TOKEN + 1], const struct receipt_note *note, int64_t now);
/*
 * Was the form with this token committed? Then *cookie shows its receipt; "" after
 * receipts_forget, and for one of a session: who sent it has the cookie, nobody gets it by a token.
 */
bool receipts_again(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1]);
/* Was the form with this token committed? Nothing more is told. */
bool receipts_knows(struct receipts *r, const char *token, int64_t now);
/* Does this cookie show a receipt? The latest one, if there are several. */
bool receipts_find(struct receipts *r, const char *cookie, int64_t now, struct receipt_note *note);
/* Signed out: it shows none any more. */
void receipts_forget(struct receipts *r, const char *cookie);
/* Forgets what is too old. */
void receipts_expire(struct receipts *r, int64_t now);

#endif
