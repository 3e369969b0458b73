#include "catalog_old.h"

#include <stdlib.h>

/* When a schedule was first seen in use. */
struct first_use {
	uint32_t serial;
	int32_t day;
};

static int
by_serial(const void *x, const void *y)
{
	const struct first_use *a = x, *b = y;

	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

/* The first day on which any schedule newer than serial was in use; INT32_MAX for never. */
static int32_t
newer_since(const struct first_use *uses, size_t n, uint32_t serial)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (uses[mid].serial <= serial)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == n ? INT32_MAX : uses[lo].day;
}

enum err
catalog_old_mark(struct catalog *c)
{
	struct first_use *uses;
	struct catalog_item *it;
	size_t n = 0, i;

	if ((uses = calloc(c->n_items + 1, sizeof *uses)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->n_items; i++)
		if (c->items[i]->schedule != 0)
			uses[n++] = (struct first_use){c->items[i]->schedule, c->items[i]->day};
	qsort(uses, n, sizeof *uses, by_serial);
	/* From here on a day is the first of its own schedule and all newer ones. */
	for (i = n; i > 1; i--)
		if (uses[i - 1].day < uses[i - 2].day)
			uses[i - 2].day = uses[i - 1].day;
	for (i = 0; i < c->n_items; i++) {
		it = c->items[i];
		it->flags &= ~CATALOG_OLD_SCHEDULE;
		if (it->schedule != 0 && newer_since(uses, n, it->schedule) < it->day)
			it->flags |= CATALOG_OLD_SCHEDULE;
	}
	free(uses);
	return ERR_OK;
}
