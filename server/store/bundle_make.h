#ifndef SEALSLOT_STORE_BUNDLE_MAKE_H
#define SEALSLOT_STORE_BUNDLE_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/depot.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * Store's part of an export (keys/FORMATS.md section 6): which items there
 * are, and the signed index. Hashing and copying the items is the verb's part:
 * it may read them, and has the time.
 */

/*
 * Appends a struct op_export_item for each item of the days since to until, ascending by id.
 * ERR_LIMIT: more than out takes. *all: the list is everything that the store has, and the
 * clock is to be trusted.
 */
enum err MUST_CHECK bundle_make_list(
    struct depot *d, int32_t since, int32_t until, struct buf *out, bool *all, struct reason *why);

/* Appends a struct op_export_item for each item from this id on, ascending, max at most. When the
 * index can't be read, what could be is in out. */
enum err MUST_CHECK bundle_make_page(
    struct depot *d, const uint8_t from[static DB_ID], size_t max, struct buf *out);

/* A signed index, and what bundle_make_count has to remember of it. */
struct bundle_signed {
	struct buf text; /* index.txt, then its .minisig */
	uint32_t sig_len;
	uint32_t serial;
	uint8_t hash[HASH_LEN]; /* of index.txt */
};
void bundle_signed_wipe(struct bundle_signed *s);

/* What is said of a bundle when its list is made, so that all its volumes say the same. */
struct bundle_volume {
	uint32_t volume, volumes;
	int32_t made;      /* the day */
	bool is_inventory; /* the list has everything that the store had */
};
/*
 * Signs the index of one volume over a list as bundle_make_list made it, now
 * with every hash. Each item must be in the store's index exactly so: ERR_PROFILE;
 * ERR_NOTFOUND: one was deleted since.
 */
enum err MUST_CHECK bundle_make_sign(struct depot *d, const struct buf *list,
    const struct bundle_volume *volume, struct bundle_signed *out, struct reason *why);
/* The bundle whose first volume has this serial and hash exists: the next one follows it. */
enum err MUST_CHECK bundle_make_count(
    struct depot *d, uint32_t serial, const uint8_t hash[static HASH_LEN], struct reason *why);

#endif
