#ifndef SEALSLOT_STORE_SETTLE_H
#define SEALSLOT_STORE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/depot.h"

/*
 * The midnight settle: what a day that is over has left behind must not tell
 * in which order it came. Every file of the day is copied to a fresh one, in
 * random order, which takes over its name in one step; then the index is
 * written anew; the names give up their places in the folder and take others
 * (settle_names.h). Inode numbers, all four times, the places of rows and of
 * names follow a random order from then on. On the way every file's hash is taken, so
 * that exports and checks know it.
 *
 * A kill at any moment leaves each item whole, exactly once: the copy has no
 * name until it is complete, and its name of the last moment, <id>.copy, is
 * swept at the next start, which also gives back a name that was just changing places. A day that
 * wasn't finished is begun anew.
 *
 * One thread beside the event loop. It needs the index alone at the start and
 * at the end; the loop grants it, and leaves the index alone meanwhile.
 */
enum settle_state {
	SETTLE_IDLE,
	SETTLE_LISTING, /* has the index: which items are there? */
	SETTLE_COPYING,
	SETTLE_WAITING, /* for the loop's grant */
	SETTLE_ENDING,  /* has the index: names, hashes, vacuum, mark */
};

struct settle;

/* depot is borrowed. */
enum err MUST_CHECK settle_new(struct depot *depot, struct settle **out);
/* Stops where it is. Accepts NULL. */
void settle_free(struct settle *s);
/* Readable when something has changed: call settle_on_event. */
int settle_fd(const struct settle *s);
void settle_on_event(struct settle *s);
/*
 * Once a second, but not before all rows of the days before today are there: begins when a day is
 * over, the clock is trusted and there is room. promised: the bytes that uploads in flight may
 * still take.
 */
void settle_tick(struct settle *s, uint64_t promised);
/* Has it the index? Then the loop must not touch it. */
bool settle_has_index(const struct settle *s);
bool settle_is_idle(const struct settle *s);
/* Bytes that the copy under way may still take. */
uint64_t settle_claim(const struct settle *s);
/* For status: the day before which all is settled, and what it waits for. */
void settle_tell(const struct settle *s, struct op_status *out);

#endif
