#include "catalog.h"

#include <string.h>

#include "catalog_part.h"

#define PREFIX_MIN 4
#define DIGITS_MIN 8

/* Ascending input, the common case, ends at once. */
size_t
catalog_item_place(const struct catalog *c, const char *id)
{
	size_t lo = 0, hi = c->n_items, mid;

	if (hi > 0 && strcmp(c->items[hi - 1]->id, id) < 0)
		return hi;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(c->items[mid]->id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct catalog_item *
catalog_find(const struct catalog *c, const char *id)
{
	size_t at = catalog_item_place(c, id);

	return at < c->n_items && strcmp(c->items[at]->id, id) == 0 ? c->items[at] : NULL;
}

enum err
catalog_find_prefix(const struct catalog *c, const char *prefix, const struct catalog_item **out)
{
	char low[RANDOM_ID_LEN + 1];
	size_t n = strlen(prefix), i, at;

	if (n < PREFIX_MIN || n > RANDOM_ID_LEN || strspn(prefix, "0123456789abcdefABCDEF") != n)
		return ERR_USAGE;
	for (i = 0; i <= n; i++)
		low[i] = (char)(prefix[i] >= 'A' && prefix[i] <= 'F' ? prefix[i] + 32 : prefix[i]);
	at = catalog_item_place(c, low);
	if (at == c->n_items || strncmp(c->items[at]->id, low, n) != 0)
		return ERR_NOTFOUND;
	if (at + 1 < c->n_items && strncmp(c->items[at + 1]->id, low, n) == 0)
		return ERR_AMBIGUOUS;
	*out = c->items[at];
	return ERR_OK;
}

size_t
catalog_id_digits(const struct catalog *c)
{
	size_t digits = DIGITS_MIN, i;

	for (i = 1; i < c->n_items; i++)
		while (digits < RANDOM_ID_LEN &&
		       strncmp(c->items[i - 1]->id, c->items[i]->id, digits) == 0)
			digits++;
	return digits;
}

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
