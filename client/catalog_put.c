#include "catalog.h"

#include <string.h>

#include "catalog_text.h"

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
dump_key(struct buf *out, const char *name, const struct minisign_key *k)
{
	char key[MINISIGN_KEY_LEN + 1];

	minisign_key_format(key, k);
	return buf_addf(out, "%s: %s\n", name, key);
}

static enum err
put_key(struct catalog *c, const char *name, const struct minisign_key *k)
{
	size_t from = c->pending.len;

	return applied(c, from, dump_key(&c->pending, name, k));
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

/* ---- everything at once */

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
