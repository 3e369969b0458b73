#include "needed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "open/secret.h"

#define REPLY_FILE "reply.age"

static int
by_epoch(const void *x, const void *y)
{
	const struct needs_epoch *a = x, *b = y;

	return needs_compare(a->inbox, a->number, b->inbox, b->number);
}

static int
by_item(const void *x, const void *y)
{
	const struct needs_item *a = x, *b = y;
	int c = needs_compare(a->inbox, a->epoch, b->inbox, b->epoch);

	return c != 0 ? c : strcmp(a->id, b->id);
}

/* ---- epochs */

static enum err
add_epoch(struct needed *n, const struct schedule *s, const struct schedule_epoch *ep)
{
	struct needs_epoch e = {.number = ep->number, .end = ep->end};
	uint32_t i;

	memcpy(e.inbox, s->inboxes[ep->inbox].name, sizeof e.inbox);
	/* The newest schedule is read last, and its epochs are the ones added last. */
	for (i = n->head.n_epochs; i > 0; i--)
		if (by_epoch(&n->epochs[i - 1], &e) == 0)
			return ERR_OK;
	if (n->head.n_epochs == LIMIT_NEEDS_EPOCHS)
		return ERR_LIMIT;
	n->epochs[n->head.n_epochs++] = e;
	return ERR_OK;
}

static enum err
list_epochs(struct vault *v, struct needed *n)
{
	const struct schedule *s = NULL;
	enum err e;
	size_t i, k;

	if ((n->epochs = calloc(LIMIT_NEEDS_EPOCHS, sizeof *n->epochs)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < v->catalog.n_schedules; i++) {
		if ((e = vault_schedule(v, v->catalog.schedules[i].serial, &s)) != ERR_OK)
			return e;
		for (k = 0; k < s->n_epochs; k++)
			if ((e = add_epoch(n, s, &s->epochs[k])) != ERR_OK)
				return e;
	}
	qsort(n->epochs, n->head.n_epochs, sizeof *n->epochs, by_epoch);
	return ERR_OK;
}

/* ---- items */

/* Is there anything left to do for it? */
static bool
why_needed(const struct catalog_item *row, enum needs_why *why)
{
	bool is_done = row->reviewed != 0 || row->is_kept;

	/* Also when the server has it no more: it may be on a stick that nobody imported. */
	if (row->state == CATALOG_MISSING)
		*why = NEEDS_MISSING;
	else if (!is_done)
		*why = NEEDS_UNREAD;
	else if (row->gone == 0)
		*why = NEEDS_SERVER;
	else
		return false;
	return true;
}

/*
 * Where list and sealing disagree, or nobody has seen inside, the list's word is all there is, and
 * a wrong one would let the right key be destroyed: it could be any epoch's of any inbox. Of what
 * never arrived nothing but the list can tell.
 */
static void
place(const struct catalog_item *row, struct needs_item *i)
{
	bool is_seen = row->state == CATALOG_OPENED &&
		       (row->flags & (CATALOG_BAD_EPOCH | CATALOG_BAD_MANIFEST)) == 0;

	if (row->epoch > 0 && (is_seen || row->state == CATALOG_MISSING)) {
		memcpy(i->inbox, row->inbox, sizeof i->inbox);
		i->epoch = row->epoch;
		return;
	}
	memcpy(i->inbox, SCHEDULE_UNKNOWN, sizeof SCHEDULE_UNKNOWN);
	i->epoch = 1;
}

static enum err
list_items(const struct vault *v, struct needed *n)
{
	const struct catalog *c = &v->catalog;
	const struct catalog_item *row;
	struct needs_item *i;
	enum needs_why why;
	size_t k;

	if ((n->items = calloc(c->n_items + 1, sizeof *n->items)) == NULL)
		return ERR_NOMEM;
	for (k = 0; k < c->n_items; k++) {
		row = c->items[k];
		if (!why_needed(row, &why))
			continue;
		i = &n->items[n->head.n_items++];
		i->why = why;
		place(row, i);
		memcpy(i->id, row->id, sizeof i->id);
	}
	qsort(n->items, n->head.n_items, sizeof *n->items, by_item);
	return ERR_OK;
}

enum err
needed_make(struct vault *v, struct needed *out)
{
	const struct catalog *c = &v->catalog;
	struct needed n = {.head = {.made = clock_today(), .inventory = c->inventory}};
	enum err e;

	n.head.inventory_made = c->inventory_made;
	memcpy(n.head.instance, c->instance, sizeof n.head.instance);
	memcpy(n.head.vault, c->vault, sizeof n.head.vault);
	if ((e = list_epochs(v, &n)) != ERR_OK || (e = list_items(v, &n)) != ERR_OK)
		needed_wipe(&n);
	else
		*out = n;
	return e;
}

void
needed_wipe(struct needed *n)
{
	free(n->epochs);
	free(n->items);
	*n = (struct needed){0};
}

/* ---- as a text */

enum err
needed_format(const struct needed *n, struct buf *out)
{
	enum err e = needs_format_head(&n->head, out);
	uint32_t i;

	for (i = 0; i < n->head.n_epochs && e == ERR_OK; i++)
		e = needs_format_epoch(&n->epochs[i], out);
	for (i = 0; i < n->head.n_items && e == ERR_OK; i++)
		e = needs_format_item(&n->items[i], out);
	return e == ERR_OK ? needs_format_end(out) : e;
}

enum err
needed_sign(struct vault *v, const struct needed *n, const struct buf *text, struct buf *sig)
{
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct sign_key *key;
	enum err e;

	if ((key = secret_new(sizeof *key)) == NULL)
		return ERR_NOMEM;
	if ((e = needs_comment(&n->head, comment, sizeof comment)) == ERR_OK &&
	    (e = keystore_get_sign(v->keys, REPLY_FILE, key)) == ERR_OK)
		e = sign_message(key, text->p, text->len, comment, sig);
	secret_free(key);
	return e;
}
