#ifndef SEALSLOT_CARRY_SCHEDULE_H
#define SEALSLOT_CARRY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "carry/minisign.h"
#include "seal/age.h"

/* The signed list of epoch keys, keys.txt (keys/FORMATS.md section 4). Days are UTC days of date.h.
 */

#define SCHEDULE_ONION_LEN    56
#define SCHEDULE_INSTANCE_LEN 62  /* 56 characters and ".onion", without the NUL */
#define SCHEDULE_COMMENT_MAX  120 /* bytes of a trusted comment */

/* A version 3 onion address: 56 base32 characters, the last of them 'd', and ".onion". */
bool schedule_is_instance(const char *s, size_t len);
/*
 * Stands for an inbox in lists when nobody knows which one it is; no schedule may have an inbox of
 * that name, so whoever looks it up finds that it could be any.
 */
#define SCHEDULE_UNKNOWN "unknown"
/* 1 to LIMIT_INBOX_NAME of a-z, 0-9 and '-'; SCHEDULE_UNKNOWN is one, too. */
bool schedule_is_inbox_name(const char *s, size_t len);
/* 1 to LIMIT_INBOX_TITLE bytes of UTF-8, nothing invisible, no space at either end. */
bool schedule_is_title(const char *s, size_t len);

struct schedule_inbox {
	char name[LIMIT_INBOX_NAME + 1];
	char title[LIMIT_INBOX_TITLE + 1]; /* UTF-8 */
};

/* One recipient of one epoch; several lines with the same inbox and number are several recipients.
 */
struct schedule_epoch {
	uint32_t inbox; /* index into inboxes */
	uint32_t number;
	int32_t start; /* first day */
	int32_t end;   /* first day that isn't in it */
	uint8_t recipient[AGE_KEY];
};

struct schedule_revoked {
	uint32_t inbox;
	uint32_t number;
	uint8_t recipient[AGE_KEY];
};

struct schedule {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	uint32_t serial; /* from 1 */
	int32_t issued;
	uint8_t previous[HASH_LEN];
	struct schedule_inbox inboxes[LIMIT_INBOXES];
	size_t n_inboxes;
	struct schedule_epoch *epochs; /* owned; by inbox, then number, then line order */
	size_t n_epochs;
	struct schedule_revoked *revoked; /* owned */
	size_t n_revoked;
	struct minisign_key reply_keys[LIMIT_REPLY_KEYS];
	size_t n_reply_keys;
};

/* Where and why a text was refused, for the message to the admin. */
struct schedule_fault {
	size_t line;     /* from 1; 0: the whole text */
	const char *why; /* static phrase, in plain words */
};

/*
 * Parses a whole keys.txt; *out is the caller's (schedule_free). ERR_FORMAT,
 * ERR_LIMIT or ERR_NOMEM with *fault filled in. Checks all of section 4 that one text
 * alone can show: order, contiguous epochs, no revoked recipient in use.
 */
enum err MUST_CHECK schedule_parse(
    const void *p, size_t n, struct schedule **out, struct schedule_fault *fault);
/* The exact text of a schedule; schedule_parse accepts it and gives the same schedule. */
enum err MUST_CHECK schedule_format(const struct schedule *s, struct buf *out);
/* All zero, with room for LIMIT_EPOCHS epochs and LIMIT_REVOKED revoked ones; the caller's. NULL:
 * no memory. */
struct schedule *schedule_new(void);
/* Accepts NULL. */
void schedule_free(struct schedule *s);

/* "sealslot-keys serial:12 instance:<onion>", the trusted comment. ERR_LIMIT if it doesn't fit. */
enum err MUST_CHECK schedule_comment(const struct schedule *s, char *out, size_t size);
/*
 * Verifies signature and trusted comment under root, and parses. Nothing of an
 * unverified text leaves this function but *fault. ERR_NOMATCH (another key's
 * signature), ERR_AUTH (changed), ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
enum err MUST_CHECK schedule_verify(const struct buf *text, const struct buf *sig,
    const struct minisign_key *root, struct schedule **out, struct schedule_fault *fault);

/*
 * May next follow current on a server? ERR_ROLLBACK, ERR_FORK, ERR_AUTH (previous doesn't match),
 * ERR_USAGE (another instance), ERR_PROFILE (issued earlier, an epoch with other dates, or a
 * recipient that current revoked), or ERR_OK; *is_gap says that serials in between are missing.
 * current_hash is the BLAKE2b-256 of current's text, next_hash that of next's.
 */
enum err MUST_CHECK schedule_may_follow(const struct schedule *current,
    const uint8_t current_hash[static HASH_LEN], const struct schedule *next,
    const uint8_t next_hash[static HASH_LEN], bool *is_gap);

/* Why it may not, in plain words, for what schedule_may_follow returned. Static storage. */
const char *schedule_follow_text(enum err e);

/* The index of an inbox by name; ERR_NOTFOUND. */
enum err MUST_CHECK schedule_find_inbox(const struct schedule *s, const char *name, size_t *inbox);

/* The recipients of the epoch that covers a day. */
struct schedule_seal {
	uint32_t number;
	int32_t start, end;
	size_t n;
	uint8_t recipients[LIMIT_AGE_RECIPIENTS][AGE_KEY];
};
/* ERR_EXPIRED if no epoch of that inbox covers the day. */
enum err MUST_CHECK schedule_current(
    const struct schedule *s, size_t inbox, int32_t day, struct schedule_seal *out);
/* The first day on which some inbox has no key any more, seen from day on (day itself if it has
 * none now). */
int32_t schedule_last_day(const struct schedule *s, int32_t day);

#endif
