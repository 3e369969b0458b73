#ifndef SEALSLOT_STORE_STATE_H
#define SEALSLOT_STORE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "carry/minisign.h"

/*
 * What the store must remember even if its index is lost; a small text file,
 * replaced as a whole. Days and counters, nothing about any submission:
 *
 *   sealslot-store 1
 *   root: RWQ...                       the key that init pinned
 *   seen: 2026-03-05                   the latest day that is trusted
 *   clock-ok: 0 0                      how often it was said, and the schedule it was said under
 *   bundle: 7 <64 hex>                 serial and hash of the last bundle's index
 *   end
 */
#define STATE_MAX 1024 /* bytes of the file */

struct state {
	struct minisign_key root;
	int32_t seen;
	uint32_t clock_oks;
	uint32_t clock_ok_serial; /* of the schedule that may be issued after today */
	uint32_t bundle_serial;   /* 0: none yet */
	uint8_t bundle_hash[HASH_LEN];
};

enum err MUST_CHECK state_parse(const void *p, size_t n, struct state *out);
enum err MUST_CHECK state_format(const struct state *s, struct buf *out);
/* Reads, replaces the file in a store's folder. */
enum err MUST_CHECK state_read(int root, struct state *out);
/* On a disk that is full it takes the room of the file "spare". */
enum err MUST_CHECK state_write(int root, const struct state *s);
/* Makes the file "spare", if there is room for it: a bundle must be counted, and the clock declared
 * right, when a full disk is just what is to be mended. */
void state_keep_spare(int root);

#endif
