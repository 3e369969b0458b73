#ifndef SEALSLOT_STORE_DB_REPLIES_H
#define SEALSLOT_STORE_DB_REPLIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/db.h"

/*
 * Replies to sources, by mailbox, as the index keeps them (keys/FORMATS.md
 * section 5): sealed, at most LIMIT_REPLY bytes each. Errors as in db.h.
 */
struct db_reply {
	uint8_t id[DB_ID];
	int32_t day;           /* on which it came */
	const uint8_t *sealed; /* borrowed */
	size_t len;
};

/* Adds one durably. ERR_EXISTS: its id is there already. */
enum err MUST_CHECK db_replies_add(
    struct db *d, const uint8_t mailbox[static HASH_LEN], const struct db_reply *r);
/* The replies of a mailbox, the newest day first, LIMIT_REPLIES at most, and one more that tells
 * that there are more. Ends with the first error of each. */
typedef enum err db_replies_visit(void *ctx, const struct db_reply *r);
enum err MUST_CHECK db_replies_each(
    struct db *d, const uint8_t mailbox[static HASH_LEN], db_replies_visit *each, void *ctx);
/* Deletes one; one that isn't there is no error. */
enum err MUST_CHECK db_replies_remove(
    struct db *d, const uint8_t mailbox[static HASH_LEN], const uint8_t id[static DB_ID]);
/* Deletes all that came before a day. */
enum err MUST_CHECK db_replies_expire(struct db *d, int32_t before);

#endif
