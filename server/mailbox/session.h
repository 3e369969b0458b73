#ifndef SEALSLOT_MAILBOX_SESSION_H
#define SEALSLOT_MAILBOX_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/codename.h"

/*
 * Sessions, in memory only (keys/FORMATS.md section 5). A source holds a
 * random token as a cookie; the table is keyed by BLAKE2b(token), and what a
 * session knows is sealed under a key that only the token gives. Without the
 * token nothing in the table says whose session it is or what its codename was.
 */
#define SESSION_TOKEN     32
#define SESSION_TOKEN_LEN 43 /* characters of base64url, without the NUL */

/* What a session knows. A secret: who gets one wipes it. */
struct session_data {
	struct codename_keys keys;
	uint8_t form_key[32]; /* form tokens are made from it */
	struct codename
	    codename; /* for the receipt; all zero without one, and once its time is over */
};

struct session_table; /* at most LIMIT_SESSIONS; the one idle for longest goes first */

enum err MUST_CHECK session_table_new(struct session_table **out);
/* Wipes everything. Accepts NULL. */
void session_table_free(struct session_table *t);
/* A new session; token is SESSION_TOKEN_LEN characters and a NUL, for the cookie. */
enum err MUST_CHECK session_open(struct session_table *t, const struct session_data *d,
    int64_t now_ms, char token[static SESSION_TOKEN_LEN + 1]);
/*
 * Looks a token up and counts as use. ERR_NOTFOUND: unknown, or over (idle, or past its
 * hard limit). d->codename is there for LIMIT_RECEIPT_MS after session_open only.
 */
enum err MUST_CHECK session_use(
    struct session_table *t, const char *token, size_t len, int64_t now_ms, struct session_data *d);
/* Ends a session; an unknown token is no error. */
void session_close(struct session_table *t, const char *token, size_t len);
/* Wipes what is over; returns when to call again, in ms, -1: never. */
int64_t session_sweep(struct session_table *t, int64_t now_ms);
size_t session_count(const struct session_table *t);

#endif
