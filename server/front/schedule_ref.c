#include "schedule_ref.h"

#include <stdlib.h>

struct schedule_ref *
schedule_ref_new(struct schedule *s)
{
	struct schedule_ref *r = malloc(sizeof *r);

	if (r != NULL)
		*r = (struct schedule_ref){s, 1};
	return r;
}

struct schedule_ref *
schedule_ref_take(struct schedule_ref *r)
{
	r->refs++;
	return r;
}

void
schedule_ref_drop(struct schedule_ref *r)
{
	if (r == NULL || --r->refs > 0)
		return;
	schedule_free(r->s);
	free(r);
}
