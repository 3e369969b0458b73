#ifndef SEALSLOT_FRONT_SCHEDULE_REF_H
#define SEALSLOT_FRONT_SCHEDULE_REF_H

#include <stddef.h>

#include "carry/schedule.h"

/* A schedule that several uploads hold on to: each keeps the keys it began with. Event thread. */
struct schedule_ref {
	struct schedule *s;
	size_t refs;
};
/* Takes s, with one reference. NULL: no memory, s is still the caller's. */
struct schedule_ref *schedule_ref_new(struct schedule *s);
/* One more reference; gives r. */
struct schedule_ref *schedule_ref_take(struct schedule_ref *r);
/* One less; the last one frees. Accepts NULL. */
void schedule_ref_drop(struct schedule_ref *r);

#endif
