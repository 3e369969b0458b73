#ifndef SEALSLOT_FRONT_RECEIPTS_H
#define SEALSLOT_FRONT_RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What was committed in the last LIMIT_RECEIPT_MS, so that a receipt can be
 * shown again and a form that is sent twice is stored once. Only hashes of
 * tokens and cookies are kept, in memory only; at most LIMIT_RECEIPTS of them,
 * then the oldest goes. Times are clock_mono_ms.
 */
struct receipts;

#define RECEIPTS_TOKEN 43 /* base64url of 32 random bytes */

enum err MUST_CHECK receipts_new(struct receipts **out);
void receipts_free(struct receipts *r); /* accepts NULL */

/* A fresh random token, for a form or a cookie, with a NUL. */
void receipts_token(char out[static RECEIPTS_TOKEN + 1]);
/* The form with this token was committed; *cookie shows its receipt from now on. */
void receipts_add(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1]);
/* Was the form with this token committed? Then *cookie, a new one, shows its receipt. */
bool receipts_again(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1]);
/* Does this cookie show a receipt? */
bool receipts_has(struct receipts *r, const char *cookie, int64_t now);
/* Forgets what is too old. */
void receipts_expire(struct receipts *r, int64_t now);

#endif
