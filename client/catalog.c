#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "carry/lines.h"
#include "catalog_text.h"

#define PREFIX_MIN 4
#define DIGITS_MIN 8

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

/* Where an id stands, or would stand. Ascending input, the common case, ends at once. */
static size_t
item_place(const struct catalog *c, const char *id)
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
	at = item_place(c, i.id);
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
	at = item_place(c, i->id);
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
	at = item_place(c, h.id);
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

/* Applies what was appended to pending since `from`; takes it back if that fails. */
static enum err
apply_pending(struct catalog *c, size_t from)
{
	size_t line;
	enum err e;

	e = catalog_load(c, c->pending.p + from, c->pending.len - from, &line);
	if (e != ERR_OK)
		c->pending.len = from;
	return e;
}

static enum err
applied(struct catalog *c, size_t from, enum err e)
{
	if (e == ERR_OK)
		return apply_pending(c, from);
	c->pending.len = from;
	return e;
}

enum err
catalog_put_item(struct catalog *c, const struct catalog_item *i)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_item(&c->pending, i));
}

enum err
catalog_put_review(struct catalog *c, const struct catalog_item *i)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_review(&c->pending, i));
}

enum err
catalog_put_vault(struct catalog *c, const char *id)
{
	size_t from = c->pending.len;

	return applied(c, from, buf_addf(&c->pending, "vault: %s\n", id));
}

enum err
catalog_put_inventory(struct catalog *c, uint32_t serial, int32_t made)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_inventory(&c->pending, serial, made));
}

enum err
catalog_put_bundle(struct catalog *c, const struct catalog_bundle *b)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_bundle(&c->pending, b));
}

enum err
catalog_put_schedule(struct catalog *c, const struct catalog_schedule *s)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_schedule(&c->pending, s));
}

enum err
catalog_put_alarm(struct catalog *c, const struct catalog_alarm *a)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_alarm(&c->pending, a));
}

enum err
catalog_put_reply(struct catalog *c, const struct post_reply *r)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_reply(&c->pending, r));
}

enum err
catalog_put_answers(struct catalog *c, const struct post_bundle *b)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_answers(&c->pending, b));
}

enum err
catalog_put_backup(struct catalog *c, const struct post_backup *b)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_backup(&c->pending, b));
}

enum err
catalog_put_held(struct catalog *c, const struct post_held *h)
{
	size_t from = c->pending.len;

	return applied(c, from, catalog_text_put_held(&c->pending, h));
}

enum err
catalog_put_instance(struct catalog *c, const char *instance)
{
	size_t from = c->pending.len;

	return applied(c, from, buf_addf(&c->pending, "instance: %s\n", instance));
}

static enum err
put_old_root(struct buf *out, const struct minisign_key *k, uint32_t until)
{
	char key[MINISIGN_KEY_LEN + 1];

	minisign_key_format(key, k);
	return buf_addf(out, "old-root: %u %s\n", until, key);
}

enum err
catalog_put_handover(struct catalog *c, const struct minisign_key *next, uint32_t serial)
{
	char key[MINISIGN_KEY_LEN + 1];
	size_t from = c->pending.len;
	enum err e;

	if (c->n_old_roots == CATALOG_OLD_ROOTS)
		return ERR_LIMIT;
	minisign_key_format(key, next);
	if ((e = put_old_root(&c->pending, &c->root, serial)) == ERR_OK)
		e = buf_addf(&c->pending, "root: %s\n", key);
	return applied(c, from, e);
}

static enum err
put_key(struct catalog *c, const char *name, const struct minisign_key *k)
{
	char key[MINISIGN_KEY_LEN + 1];
	size_t from = c->pending.len;

	minisign_key_format(key, k);
	return applied(c, from, buf_addf(&c->pending, "%s: %s\n", name, key));
}

enum err
catalog_put_root(struct catalog *c, const struct minisign_key *k)
{
	return put_key(c, "root", k);
}

enum err
catalog_put_transfer(struct catalog *c, const struct minisign_key *k)
{
	return put_key(c, "transfer", k);
}

static enum err
dump_key(struct buf *out, const char *name, const struct minisign_key *k)
{
	char key[MINISIGN_KEY_LEN + 1];

	minisign_key_format(key, k);
	return buf_addf(out, "%s: %s\n", name, key);
}

static enum err
dump_pins(const struct catalog *c, struct buf *out)
{
	enum err e = ERR_OK;
	size_t i;

	if (c->instance[0] != '\0')
		e = buf_addf(out, "instance: %s\n", c->instance);
	for (i = 0; e == ERR_OK && i < c->n_old_roots; i++)
		e = put_old_root(out, &c->old_roots[i].key, c->old_roots[i].until);
	if (e == ERR_OK && c->has_root)
		e = dump_key(out, "root", &c->root);
	if (e == ERR_OK && c->has_transfer)
		e = dump_key(out, "transfer", &c->transfer);
	if (e == ERR_OK && c->vault[0] != '\0')
		e = buf_addf(out, "vault: %s\n", c->vault);
	if (e == ERR_OK && c->inventory != 0)
		e = catalog_text_put_inventory(out, c->inventory, c->inventory_made);
	return e;
}

static enum err
dump_item(const struct catalog_item *i, struct buf *out)
{
	struct post_held h = {.backup = i->backup, .serial = i->receipt};
	enum err e;

	if ((e = catalog_text_put_item(out, i)) == ERR_OK &&
	    (i->reviewed != 0 || i->gone != 0 || i->is_kept))
		e = catalog_text_put_review(out, i);
	if (e != ERR_OK || (h.backup == 0 && h.serial == 0))
		return e;
	memcpy(h.id, i->id, sizeof h.id);
	return catalog_text_put_held(out, &h);
}

enum err
catalog_dump(const struct catalog *c, struct buf *out)
{
	enum err e = dump_pins(c, out);
	size_t i;

	for (i = 0; e == ERR_OK && i < c->n_bundles; i++)
		e = catalog_text_put_bundle(out, &c->bundles[i]);
	for (i = 0; e == ERR_OK && i < c->n_schedules; i++)
		e = catalog_text_put_schedule(out, &c->schedules[i]);
	for (i = 0; e == ERR_OK && i < c->n_alarms; i++)
		e = catalog_text_put_alarm(out, &c->alarms[i]);
	if (e == ERR_OK)
		e = post_dump(&c->post, out);
	for (i = 0; e == ERR_OK && i < c->n_items; i++)
		e = dump_item(c->items[i], out);
	return e;
}

/* ---- questions */

const struct catalog_item *
catalog_find(const struct catalog *c, const char *id)
{
	size_t at = item_place(c, id);

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
	at = item_place(c, low);
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
