#ifndef SEALSLOT_CARRY_ANSWERS_H
#define SEALSLOT_CARRY_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"

/*
 * index.txt of an answer bundle, air gap to server (keys/FORMATS.md section
 * 5): replies to sources, and receipts that let the server delete what a vault
 * holds. Text, LF, fixed order, signed in minisign form by the desk's reply key:
 *
 *   sealslot-answers 1
 *   instance: <onion>
 *   serial: 4                                        counts per desk
 *   made: 2026-03-05
 *   count: 1 1                                       replies, receipts
 *   reply: <64 hex mailbox> <32 hex id> <size> <64 hex BLAKE2b-256>       ascending by id
 *   received: <32 hex id> <size> <64 hex BLAKE2b-256>                     ascending by id
 *   end
 */
#define ANSWERS_INDEX     "index.txt"
#define ANSWERS_INDEX_SIG "index.txt.minisig"
#define ANSWERS_REPLY_EXT ".reply"

struct answers_reply {
	char id[RANDOM_ID_LEN + 1]; /* of the reply; its member is <id>.reply */
	uint8_t mailbox[HASH_LEN];
	uint64_t size; /* bytes of the sealed reply, at most LIMIT_REPLY */
	uint8_t hash[HASH_LEN];
};

struct answers_receipt {
	char id[RANDOM_ID_LEN + 1]; /* of the submission */
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

struct answers {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	uint32_t serial; /* from 1 */
	int32_t made;
	struct answers_reply *replies; /* owned */
	size_t n_replies;
	struct answers_receipt *receipts; /* owned */
	size_t n_receipts;
};

struct answers_fault {
	size_t line;
	const char *why;
};

/* *out is the caller's (answers_free). ERR_FORMAT, ERR_LIMIT, ERR_NOMEM with *fault filled in. */
enum err MUST_CHECK answers_parse(
    const void *p, size_t n, struct answers **out, struct answers_fault *fault);
enum err MUST_CHECK answers_format(const struct answers *a, struct buf *out);
/* Accepts NULL. */
void answers_free(struct answers *a);
/* "sealslot-answers serial:4 instance:<onion>", the trusted comment. ERR_LIMIT if it doesn't fit.
 */
enum err MUST_CHECK answers_comment(const struct answers *a, char *out, size_t size);

#endif
