#ifndef SEALSLOT_CLIENT_POST_H
#define SEALSLOT_CLIENT_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/random.h"
#include "carry/lines.h"
#include "manifest.h"

/*
 * What goes back to the server, as part of the catalog: replies, the answer
 * bundles that carried them, and the backups without which no receipt is
 * given. Four kinds of lines:
 *
 *   reply: <id> <to> <mailbox> <day> <size> <hash> <serial>
 *   answers: <serial> <made> <replies> <receipts> <0|1>
 *   backup: <number> <day> <id> <items>
 *   held: <id> <backup> <serial>                         see catalog_item
 *
 * No word of a reply stands in it.
 */
struct post_reply {
	char id[RANDOM_ID_LEN + 1];             /* its sealed text is outbox/<id>.reply */
	char to[RANDOM_ID_LEN + 1];             /* the submission that it answers */
	char mailbox[MANIFEST_MAILBOX_LEN + 1]; /* of the source */
	int32_t day;
	uint64_t size; /* bytes, sealed */
	uint8_t hash[HASH_LEN];
	uint32_t serial; /* of the answer bundle that it goes with; 0: it waits */
};

struct post_bundle {
	uint32_t serial;
	int32_t made;
	uint32_t replies, receipts;
	bool is_written; /* false: it may be on its medium, or not */
};

struct post_backup {
	uint32_t number; /* from 1 */
	int32_t day;
	char id[RANDOM_ID_LEN + 1];
	uint32_t items; /* whose bytes in it are those that the server signed for */
};

struct post {
	struct post_reply *replies; /* owned, in the order in which they were written */
	size_t n_replies;
	struct post_bundle *bundles; /* owned, ascending by serial */
	size_t n_bundles;
	struct post_backup *backups; /* owned, ascending by number */
	size_t n_backups;
};

/* What "held: " says of a submission. */
struct post_held {
	char id[RANDOM_ID_LEN + 1];
	uint32_t backup; /* the first one that has it */
	uint32_t serial; /* of the answer bundle with its receipt; 0: none was sent */
};

void post_wipe(struct post *p); /* accepts a zeroed struct */
/* Each takes what stands behind the "name: ", and replaces what has the same id, serial or number.
 * ERR_FORMAT, ERR_LIMIT, ERR_NOMEM. */
enum err MUST_CHECK post_apply_reply(struct post *p, struct lines_piece s);
enum err MUST_CHECK post_apply_bundle(struct post *p, struct lines_piece s);
enum err MUST_CHECK post_apply_backup(struct post *p, struct lines_piece s);
/* Appends all lines but those of "held". */
enum err MUST_CHECK post_dump(const struct post *p, struct buf *out);

#endif
