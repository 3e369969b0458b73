#ifndef SEALSLOT_STORE_SETTLE_COPY_H
#define SEALSLOT_STORE_SETTLE_COPY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "store/db.h"

/* How one item's file becomes another one (settle.h). */
struct settle_copy {
	int items; /* borrowed */
	const atomic_bool *is_ending;
	_Atomic uint64_t promised; /* bytes that uploads in flight may still take */
	_Atomic uint64_t left;     /* bytes that this copy may still take */
};

/*
 * Copies the file of an item, with the item's day as its only time, and gives the copy the item's
 * name in one step; hash is of its content. ERR_NOTFOUND: the item is gone; ERR_PROFILE: its file
 * isn't as the index says; ERR_NOSPACE; ERR_CLOSED: told to end. In all of these the file is as it
 * was.
 */
enum err MUST_CHECK settle_copy(
    struct settle_copy *c, const struct db_item *item, uint8_t hash[static HASH_LEN]);

#endif
