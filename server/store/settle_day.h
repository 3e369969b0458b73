#ifndef SEALSLOT_STORE_SETTLE_DAY_H
#define SEALSLOT_STORE_SETTLE_DAY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/depot.h"
#include "store/settle_copy.h"

/*
 * The work of one settle (settle.h), in its three steps, on the settle's
 * thread. When each may be done, and who waits for whom, is settle.c's.
 */
struct settle_day {
	struct depot *depot;  /* borrowed */
	int32_t from, before; /* the days to settle: from..before-1 */
	uint64_t need;        /* bytes of room that the last one asked for */
	struct settle_copy copy;
	struct buf items;  /* struct db_item each */
	struct buf hashes; /* struct db_hash each */
};

/* is_ending: borrowed; once it is true, settle_day_copy ends with ERR_CLOSED. */
void settle_day_init(struct settle_day *d, struct depot *depot, const atomic_bool *is_ending);
/* Forgets its items and hashes; it may be used again. */
void settle_day_wipe(struct settle_day *d);

/* Has the index: which items are there? Errors as in db.h. */
enum err MUST_CHECK settle_day_list(struct settle_day *d);
/* Without the index: copies each file, in random order. ERR_NOSPACE: need says for how much. */
enum err MUST_CHECK settle_day_copy(struct settle_day *d);
/* Has the index: names, hashes, the index anew, the mark. */
enum err MUST_CHECK settle_day_end(struct settle_day *d);

#endif
