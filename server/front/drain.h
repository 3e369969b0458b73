#ifndef SEALSLOT_FRONT_DRAIN_H
#define SEALSLOT_FRONT_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "front/loop.h"
#include "front/site.h"

/*
 * The end of front, as the parent asks for it: no new uploads; those in flight
 * go on, and their sources get their receipts. Then, or when the time is over,
 * the parent is told once.
 */
struct drain {
	struct loop *loop; /* borrowed, as is the site */
	struct site *site;
	int parent; /* the control socket; borrowed */
	struct loop_queue deadlines, last_words;
	struct loop_timer deadline, last_word;
	bool had_uploads; /* when it began */
	bool is_over;
};

/* All zeros before. It stays where it is as long as the loop lives. */
void drain_init(struct drain *d, struct loop *loop, struct site *site, int parent);
/* Begins; ms: how long it may take. Again does nothing. */
void drain_begin(struct drain *d, uint32_t ms);
/* Once in every turn of the loop: is it over? */
void drain_turn(struct drain *d);

#endif
