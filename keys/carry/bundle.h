#ifndef SEALSLOT_CARRY_BUNDLE_H
#define SEALSLOT_CARRY_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"

/*
 * index.txt of a transfer bundle, server to air gap (keys/FORMATS.md section
 * 6). Text, LF, fixed order:
 *
 *   sealslot-bundle 1
 *   instance: <onion>
 *   serial: 7
 *   previous: <64 hex: BLAKE2b-256 of index.txt of serial 6, or 64 zeros>
 *   made: 2026-03-05
 *   volume: 1 of 1
 *   inventory: complete
 *   count: 2
 *   item: <32 hex id> 2026-03-05 tips 31 <size> <64 hex BLAKE2b-256>
 *   item: ...
 *   end
 *
 * Numbers are decimal without leading zeros. Items ascend by id, each once. It
 * lists everything that the bundle should carry over all its volumes, so
 * an import can name what is missing. The inventory line is there only if it
 * lists everything that the server has: what isn't in such a list is gone. "previous" is the hash
 * of the index of volume 1; volumes of one bundle differ in the volume line alone.
 *
 * Order of members in every volume: index.txt, index.txt.minisig, transfer.pub
 * (the server's public transfer key as minisign writes it: a vault pins it at
 * its first import), the schedules ascending by serial, each followed by its
 * signature, then the items ascending by id.
 */
#define BUNDLE_INDEX       "index.txt"
#define BUNDLE_INDEX_SIG   "index.txt.minisig"
#define BUNDLE_TRANSFER    "transfer.pub"
#define BUNDLE_SCHEDULES   "keys/" /* keys/keys-0012.txt and .minisig */
#define BUNDLE_ITEM_EXT    ".age"  /* <id>.age */
#define BUNDLE_COMMENT_MAX 120     /* bytes of a trusted comment */

struct bundle_item {
	char id[RANDOM_ID_LEN + 1];
	int32_t day;
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

struct bundle_head {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	uint32_t serial; /* from 1 */
	uint8_t previous[HASH_LEN];
	int32_t made;
	uint32_t volume, volumes;
	bool is_inventory; /* it lists everything that the server has */
};

struct bundle_index {
	struct bundle_head head;
	struct bundle_item *items; /* owned, ascending by id */
	size_t n_items;
};

/* Where and why an index was refused. */
struct bundle_fault {
	size_t line;     /* from 1; 0: the whole text */
	const char *why; /* static phrase, in plain words */
};

/*
 * Parses a whole index.txt; *out is the caller's (bundle_index_free). ERR_FORMAT, ERR_LIMIT or
 * ERR_NOMEM with *fault filled in.
 */
enum err MUST_CHECK bundle_index_parse(
    const void *p, size_t n, struct bundle_index **out, struct bundle_fault *fault);
/* The exact text of an index whose items are sorted; bundle_index_parse accepts it. */
enum err MUST_CHECK bundle_index_format(const struct bundle_index *b, struct buf *out);
/* The same in pieces, for who has the items one by one, ascending by id: head, items, end. */
enum err MUST_CHECK bundle_head_format(
    const struct bundle_head *h, size_t n_items, struct buf *out);
enum err MUST_CHECK bundle_item_format(const struct bundle_item *i, struct buf *out);
enum err MUST_CHECK bundle_end_format(struct buf *out);
/* Accepts NULL. */
void bundle_index_free(struct bundle_index *b);
/* By binary search; NULL if the index doesn't list it. Borrowed. */
const struct bundle_item *bundle_index_find(const struct bundle_index *b, const char *id);
/* "sealslot-bundle serial:7 instance:<onion>", the trusted comment of its signature. ERR_LIMIT if
 * it doesn't fit (BUNDLE_COMMENT_MAX bytes and a NUL always do). */
enum err MUST_CHECK bundle_comment(const struct bundle_head *h, char *out, size_t size);

#endif
