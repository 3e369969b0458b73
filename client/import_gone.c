#include "import_part.h"

/*
 * What a list of everything lacks, the server doesn't have any more; what a
 * later list names, it has (again).
 */
static enum err
set_gone(struct catalog *c, const struct catalog_item *row, uint32_t serial)
{
	struct catalog_item next = *row;

	if (row->gone == serial || (row->gone != 0 && serial != 0))
		return ERR_OK;
	next.gone = serial;
	return catalog_put_review(c, &next);
}

static enum err
mark_gone(struct import *im)
{
	struct catalog *c = &im->v->catalog;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->n_items && e == ERR_OK; i++)
		if (bundle_index_find(im->index, c->items[i]->id) == NULL)
			e = set_gone(c, c->items[i], im->index->head.serial);
	return e;
}

static bool
is_newest(const struct import *im)
{
	const struct catalog *c = &im->v->catalog;

	return c->n_bundles == 0 || im->index->head.serial >= c->bundles[c->n_bundles - 1].serial;
}

enum err
import_gone(struct import *im)
{
	const struct bundle_head *h = &im->index->head;
	struct catalog *c = &im->v->catalog;
	const struct catalog_item *row;
	enum err e = ERR_OK;
	size_t i;

	if (!is_newest(im))
		return ERR_OK;
	for (i = 0; i < im->index->n_items && e == ERR_OK; i++)
		if ((row = catalog_find(c, im->index->items[i].id)) != NULL)
			e = set_gone(c, row, 0);
	if (e != ERR_OK || !h->is_inventory || im->r->missing > 0 || im->r->is_cut)
		return e;
	if ((e = mark_gone(im)) != ERR_OK || c->inventory == h->serial)
		return e;
	return catalog_put_inventory(c, h->serial, h->made);
}
