#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "carry/lines.h"
#include "catalog_part.h"
#include "catalog_text.h"

void
catalog_init(struct catalog *c)
{
	*c = (struct catalog){0};
	buf_init(&c->pending, LIMIT_VAULT_INDEX);
}

static void
item_free(struct catalog_item *i)
{
	if (i == NULL)
		return;
	catalog_text_item_wipe(i);
	explicit_bzero(i, sizeof *i);
	free(i);
}

void
catalog_wipe(struct catalog *c)
{
	size_t i;

	for (i = 0; i < c->n_items; i++)
		item_free(c->items[i]);
	free(c->items);
	free(c->bundles);
	free(c->schedules);
	free(c->alarms);
	post_wipe(&c->post);
	buf_wipe(&c->pending);
	*c = (struct catalog){0};
}

/* ---- rows by id */

static enum err
items_grow(struct catalog *c)
{
	size_t cap = c->cap_items == 0 ? 64 : c->cap_items * 2;
	struct catalog_item **p;

	if (c->n_items < c->cap_items)
		return ERR_OK;
	if (c->n_items >= LIMIT_VAULT_ITEMS)
		return ERR_LIMIT;
	if ((p = realloc(c->items, cap * sizeof *p)) == NULL)
		return ERR_NOMEM;
	c->items = p;
	c->cap_items = cap;
	return ERR_OK;
}

static void
take_review(struct catalog_item *to, const struct catalog_item *from)
{
	to->reviewed = from->reviewed;
	to->gone = from->gone;
	to->is_kept = from->is_kept;
	memcpy(to->original, from->original, sizeof to->original);
}

/* Its item stands before it. */
static enum err
apply_review(struct catalog *c, struct lines_piece s)
{
	struct catalog_item i;
	size_t at;
	enum err e;

	if ((e = catalog_text_review(s, &i)) != ERR_OK)
		return e;
	at = catalog_item_place(c, i.id);
	if (at == c->n_items || strcmp(c->items[at]->id, i.id) != 0)
		return ERR_FORMAT;
	take_review(c->items[at], &i);
	return ERR_OK;
}

static enum err
apply_item(struct catalog *c, struct lines_piece s)
{
	struct catalog_item *i;
	size_t at;
	enum err e;

	if ((i = calloc(1, sizeof *i)) == NULL)
		return ERR_NOMEM;
	if ((e = catalog_text_item(s, i)) != ERR_OK || (e = items_grow(c)) != ERR_OK) {
		item_free(i);
		return e;
	}
	at = catalog_item_place(c, i->id);
	if (at < c->n_items && strcmp(c->items[at]->id, i->id) == 0) {
		take_review(i, c->items[at]);
		i->backup = c->items[at]->backup;
		i->receipt = c->items[at]->receipt;
		item_free(c->items[at]);
	} else {
		memmove(c->items + at + 1, c->items + at, (c->n_items - at) * sizeof *c->items);
		c->n_items++;
	}
	c->items[at] = i;
	return ERR_OK;
}

static enum err
apply_held(struct catalog *c, struct lines_piece s)
{
	struct post_held h;
	size_t at;
	enum err e;

	if ((e = catalog_text_held(s, &h)) != ERR_OK)
		return e;
	at = catalog_item_place(c, h.id);
	if (at == c->n_items || strcmp(c->items[at]->id, h.id) != 0)
		return ERR_FORMAT;
	c->items[at]->backup = h.backup;
	c->items[at]->receipt = h.serial;
	return ERR_OK;
}

/* ---- the short lists, kept in order by one insertion */

/* Makes room for one more element of `size` bytes at place `at` of *list. */
static enum err
insert_at(void **list, size_t *n, size_t size, size_t at)
{
	uint8_t *p;

	if (*n >= LIMIT_VAULT_RECORDS)
		return ERR_LIMIT;
	if ((p = realloc(*list, (*n + 1) * size)) == NULL)
		return ERR_NOMEM;
	memmove(p + (at + 1) * size, p + at * size, (*n - at) * size);
	*list = p;
	(*n)++;
	return ERR_OK;
}

static bool
is_before(const struct catalog_bundle *x, uint32_t serial, uint32_t volume)
{
	return x->serial < serial || (x->serial == serial && x->volume < volume);
}

static enum err
apply_bundle(struct catalog *c, struct lines_piece s)
{
	void *list = c->bundles;
	struct catalog_bundle b;
	size_t at = c->n_bundles;
	enum err e;

	if ((e = catalog_text_bundle(s, &b)) != ERR_OK)
		return e;
	while (at > 0 && !is_before(&c->bundles[at - 1], b.serial, b.volume))
		at--;
	if (at == c->n_bundles || c->bundles[at].serial != b.serial ||
	    c->bundles[at].volume != b.volume) {
		if ((e = insert_at(&list, &c->n_bundles, sizeof b, at)) != ERR_OK)
			return e;
		c->bundles = list;
	}
	c->bundles[at] = b;
	return ERR_OK;
}

static enum err
apply_schedule(struct catalog *c, struct lines_piece s)
{
	void *list = c->schedules;
	struct catalog_schedule x;
	size_t at = c->n_schedules;
	enum err e;

	if ((e = catalog_text_schedule(s, &x)) != ERR_OK)
		return e;
	while (at > 0 && c->schedules[at - 1].serial >= x.serial)
		at--;
	if (at == c->n_schedules || c->schedules[at].serial != x.serial) {
		if ((e = insert_at(&list, &c->n_schedules, sizeof x, at)) != ERR_OK)
			return e;
		c->schedules = list;
	}
	c->schedules[at] = x;
	return ERR_OK;
}

/* Alarms are numbered without gaps, so the number is the place. */
static enum err
apply_alarm(struct catalog *c, struct lines_piece s)
{
	void *list = c->alarms;
	struct catalog_alarm a;
	enum err e;

	if ((e = catalog_text_alarm(s, &a)) != ERR_OK)
		return e;
	if (a.number == 0 || a.number > c->n_alarms + 1)
		return ERR_FORMAT;
	if (a.number == c->n_alarms + 1) {
		if ((e = insert_at(&list, &c->n_alarms, sizeof a, c->n_alarms)) != ERR_OK)
			return e;
		c->alarms = list;
	}
	c->alarms[a.number - 1] = a;
	return ERR_OK;
}

/* ---- lines */

static enum err
apply_instance(struct catalog *c, struct lines_piece s)
{
	if (s.len != SCHEDULE_INSTANCE_LEN)
		return ERR_FORMAT;
	memcpy(c->instance, s.p, s.len);
	c->instance[s.len] = '\0';
	return ERR_OK;
}

static enum err
apply_vault(struct catalog *c, struct lines_piece s)
{
	uint8_t raw[RANDOM_ID_LEN / 2];

	if (text_unhex(raw, sizeof raw, s.p, s.len) != ERR_OK)
		return ERR_FORMAT;
	memcpy(c->vault, s.p, s.len);
	c->vault[s.len] = '\0';
	return ERR_OK;
}

/* "13 RWQ..." */
static enum err
apply_old_root(struct catalog *c, struct lines_piece s)
{
	struct catalog_old_root *r = &c->old_roots[c->n_old_roots];
	struct lines_piece word;
	uint64_t until;

	if (c->n_old_roots == CATALOG_OLD_ROOTS || !lines_word(&s, &word) ||
	    text_number(word.p, word.len, UINT32_MAX, &until) != ERR_OK ||
	    minisign_key_parse(&r->key, s.p, s.len) != ERR_OK)
		return ERR_FORMAT;
	r->until = (uint32_t)until;
	c->n_old_roots++;
	return ERR_OK;
}

static enum err
apply_line(struct catalog *c, struct lines_piece s)
{
	enum err e = ERR_FORMAT;

	if (lines_take(&s, "item: "))
		e = apply_item(c, s);
	else if (lines_take(&s, "bundle: "))
		e = apply_bundle(c, s);
	else if (lines_take(&s, "schedule: "))
		e = apply_schedule(c, s);
	else if (lines_take(&s, "alarm: "))
		e = apply_alarm(c, s);
	else if (lines_take(&s, "held: "))
		e = apply_held(c, s);
	else if (lines_take(&s, "reply: "))
		e = post_apply_reply(&c->post, s);
	else if (lines_take(&s, "answers: "))
		e = post_apply_bundle(&c->post, s);
	else if (lines_take(&s, "backup: "))
		e = post_apply_backup(&c->post, s);
	else if (lines_take(&s, "instance: "))
		e = apply_instance(c, s);
	else if (lines_take(&s, "review: "))
		e = apply_review(c, s);
	else if (lines_take(&s, "vault: "))
		e = apply_vault(c, s);
	else if (lines_take(&s, "inventory: "))
		e = catalog_text_inventory(s, &c->inventory, &c->inventory_made);
	else if (lines_take(&s, "old-root: "))
		e = apply_old_root(c, s);
	else if (lines_take(&s, "root: "))
		c->has_root = (e = minisign_key_parse(&c->root, s.p, s.len)) == ERR_OK;
	else if (lines_take(&s, "transfer: "))
		c->has_transfer = (e = minisign_key_parse(&c->transfer, s.p, s.len)) == ERR_OK;
	return e;
}

enum err
catalog_load(struct catalog *c, const void *p, size_t n, size_t *line)
{
	struct lines_piece s;
	struct lines l;
	const char *why;
	enum err e = ERR_OK;

	lines_init(&l, p, n);
	while (e == ERR_OK && l.left > 0)
		if ((e = lines_next(&l, LIMIT_VAULT_LINE, &s, &why)) == ERR_OK)
			e = apply_line(c, s);
	*line = l.number;
	return e;
}
