#ifndef SEALSLOT_CARRY_NEEDS_H
#define SEALSLOT_CARRY_NEEDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"

/*
 * Which epoch keys a vault still needs, for `sealslot-keys retire`
 * (keys/FORMATS.md section 4). Text, LF, fixed order, signed in minisign form
 * by the desk's reply key:
 *
 *   sealslot-needs 1
 *   instance: <onion>
 *   vault: <32 hex>
 *   made: 2026-06-01
 *   inventory: 7 2026-05-30        the newest bundle that listed all that the server has and was
 *                                  imported whole; or "inventory: none"
 *   count: 2 1                     epochs, items
 *   epoch: tips 31 2026-03-16      an epoch that the vault knows, and its end; ascending
 *   item: tips 31 <32 hex> unread  what isn't done yet, ascending by inbox, epoch, id
 *   end
 */
enum needs_why {
	NEEDS_UNREAD,  /* in the vault, neither reviewed nor kept */
	NEEDS_MISSING, /* the server listed it, the vault never got it */
	NEEDS_SERVER,  /* done, but the server may still have it */
	NEEDS_WHYS
};

struct needs_head {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	char vault[RANDOM_ID_LEN + 1];
	int32_t made;
	uint32_t inventory; /* serial of the bundle; 0 for none */
	int32_t inventory_made;
	uint32_t n_epochs, n_items;
};

struct needs_epoch {
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t number;
	int32_t end; /* the first day that isn't in it */
};

struct needs_item {
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	char id[RANDOM_ID_LEN + 1];
	enum needs_why why;
};

/* What a reader is told, in this order. An error of theirs ends the reading. */
struct needs_events {
	void *ctx;
	enum err (*head)(void *ctx, const struct needs_head *h);
	enum err (*epoch)(void *ctx, const struct needs_epoch *e);
	enum err (*item)(void *ctx, const struct needs_item *i);
};

/* A push parser: bytes in pieces of any size. */
struct needs_read {
	struct needs_events events;
	unsigned stage; /* which line comes next */
	char line[LIMIT_NEEDS_LINE];
	size_t len;
	size_t number;   /* of the line being read, from 1 */
	const char *why; /* after a failure, in plain words; static */
	enum err failed;
	struct needs_head head;
	struct needs_epoch epoch; /* the one before */
	struct needs_item item;
	uint32_t n_epochs, n_items;
};

void needs_init(struct needs_read *r, const struct needs_events *events);
/* ERR_FORMAT or ERR_LIMIT with r->number and r->why, or what an event returned; then for ever. */
enum err MUST_CHECK needs_put(struct needs_read *r, const void *p, size_t n);
/* ERR_TRUNCATED: it isn't whole. */
enum err MUST_CHECK needs_finish(struct needs_read *r);

/* The lines, each whole. What they write is what the reader accepts, if it is in order. */
enum err MUST_CHECK needs_format_head(const struct needs_head *h, struct buf *out);
enum err MUST_CHECK needs_format_epoch(const struct needs_epoch *e, struct buf *out);
enum err MUST_CHECK needs_format_item(const struct needs_item *i, struct buf *out);
enum err MUST_CHECK needs_format_end(struct buf *out);
/* "sealslot-needs made:2026-06-01 instance:<onion>", the trusted comment. ERR_LIMIT. */
enum err MUST_CHECK needs_comment(const struct needs_head *h, char *out, size_t size);
/* By inbox (bytes), then number. */
int needs_compare(const char *inbox, uint32_t number, const char *inbox2, uint32_t number2);

#endif
