#include "catalog.h"

const struct catalog_bundle *
catalog_find_bundle(const struct catalog *c, uint32_t serial, uint32_t volume)
{
	size_t i;

	for (i = c->n_bundles; i > 0; i--)
		if (c->bundles[i - 1].serial == serial && c->bundles[i - 1].volume == volume)
			return &c->bundles[i - 1];
	return NULL;
}

const struct catalog_schedule *
catalog_find_schedule(const struct catalog *c, uint32_t serial)
{
	size_t i;

	for (i = 0; i < c->n_schedules; i++)
		if (c->schedules[i].serial == serial)
			return &c->schedules[i];
	return NULL;
}
