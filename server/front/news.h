#ifndef SEALSLOT_FRONT_NEWS_H
#define SEALSLOT_FRONT_NEWS_H

#include <stdbool.h>

#include "front/site.h"
#include "store/store.h"

/*
 * What store tells of its own accord, into the site: the schedule, and how
 * much room there is. Store speaks of both as soon as it is connected; before
 * that nothing can be promised to anybody, and the site has no store.
 */
struct news {
	struct site *site; /* borrowed; its env.store is the one that speaks */
	bool has_schedule, has_room;
};

/* For store_new: n is borrowed as long as the store lives. */
struct store_events news_events(struct news *n);

#endif
