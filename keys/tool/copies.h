#ifndef SEALSLOT_TOOL_COPIES_H
#define SEALSLOT_TOOL_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "holders.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * The epoch keys of a key store and of its copy, compared by what they open
 * and not by the names of their files: after a restore, both may have a
 * tips-8.1.age that isn't the same key. A key is only called retired when a
 * log says so: one that is missing in the other store may be the last of its kind.
 */
struct copies_key {
	struct keystore_epoch epoch;
	bool is_retired;            /* such a key isn't opened: it may be destroyed by half */
	uint8_t recipient[AGE_KEY]; /* zeros if it is retired */
};

struct copies_ring {
	struct copies_key *p; /* owned */
	size_t n;
};

/* Opens every key that the log of known doesn't call retired; the fault names the file below path.
 */
enum err MUST_CHECK copies_load(struct keystore *k, const char *path, const struct holders *known,
    struct copies_ring *out, struct tool_fault *f);
void copies_free(struct copies_ring *r); /* accepts a zeroed struct */
/* Adds a name alone; no key of that ring is to be compared. */
enum err MUST_CHECK copies_note(struct copies_ring *r, const struct keystore_epoch *epoch);
/* Has the ring this key, under whatever name? */
bool copies_has(const struct copies_ring *r, const struct copies_key *key);
/* What both open together, as record_ranges says it. */
enum err MUST_CHECK copies_ranges(
    const struct copies_ring *a, const struct copies_ring *b, struct buf *out);

/* The name for a key of another store: its own, or the next number if that is taken. */
void copies_place(const struct copies_ring *r, const struct copies_key *key, uint32_t *replacement);
/*
 * The same in a store that signs: the newest name is that of the key which the schedule lists, so
 * any other key gets a name below the newest. False if none is free there. s may be NULL.
 */
bool copies_place_listed(const struct copies_ring *r, const struct copies_key *key,
    const struct schedule *s, uint32_t *replacement);
/* Takes a key from one store into the other, under that replacement number, and into its ring. */
enum err MUST_CHECK copies_take(struct keystore *from, const struct copies_key *key,
    struct keystore *to, uint32_t replacement, struct copies_ring *there, struct tool_fault *f);

#endif
