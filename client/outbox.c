#include "outbox.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "carry/reply.h"
#include "open/keystore_file.h"
#include "outbox_bundle.h"
#include "seal/bech32.h"

/* ---- replies */

static enum err
open_outbox(const struct vault *v, int *fd)
{
	enum err e;

	if ((e = keystore_file_mkdir(v->dir, VAULT_OUTBOX)) != ERR_OK)
		return e;
	return io_open_dir(v->dir, VAULT_OUTBOX, fd);
}

static enum err
seal(const char *reply_to, const struct reply *r, struct buf *sealed)
{
	uint8_t recipient[1][AGE_KEY];
	struct buf plain;
	enum err e;

	buf_init(&plain, LIMIT_REPLY);
	if (bech32_parse_recipient(recipient[0], reply_to, strlen(reply_to)) != ERR_OK)
		e = ERR_CRYPTO;
	else if ((e = reply_format(r, &plain)) == ERR_OK)
		e = identity_seal(
		    (const uint8_t(*)[AGE_KEY])recipient, 1, plain.p, plain.len, sealed);
	buf_wipe(&plain);
	return e;
}

static enum err
keep(struct vault *v, struct post_reply *r, const struct buf *sealed)
{
	char name[OUTBOX_NAME];
	int dir = -1;
	enum err e;

	r->size = sealed->len;
	hash_256(r->hash, sealed->p, sealed->len);
	outbox_bundle_name(name, r->id);
	if ((e = open_outbox(v, &dir)) == ERR_OK &&
	    (e = keystore_file_write(dir, name, sealed->p, sealed->len)) == ERR_OK &&
	    (e = catalog_put_reply(&v->catalog, r)) == ERR_OK)
		e = vault_commit(v);
	io_close(&dir);
	return e;
}

enum err
outbox_reply(struct vault *v, const struct catalog_item *row, const void *text, size_t n)
{
	struct reply r = {.day = clock_today(), .text = text, .len = n};
	struct post_reply row_out = {.day = r.day};
	struct buf sealed;
	enum err e;

	if (row->reply_to[0] == '\0' || row->mailbox[0] == '\0')
		return ERR_NOTFOUND;
	random_id(row_out.id);
	memcpy(row_out.to, row->id, sizeof row_out.to);
	memcpy(row_out.mailbox, row->mailbox, sizeof row_out.mailbox);
	buf_init(&sealed, LIMIT_REPLY);
	if ((e = seal(row->reply_to, &r, &sealed)) == ERR_OK)
		e = keep(v, &row_out, &sealed);
	buf_wipe(&sealed);
	return e;
}

static enum err
sweep_one(void *ctx, int dirfd, const char *name)
{
	const struct post *p = ctx;
	char expected[OUTBOX_NAME];
	size_t i;

	for (i = 0; i < p->n_replies; i++) {
		outbox_bundle_name(expected, p->replies[i].id);
		if (strcmp(expected, name) == 0)
			return ERR_OK;
	}
	unlinkat(dirfd, name, 0);
	return ERR_OK;
}

enum err
outbox_sweep(struct vault *v)
{
	int dir = -1;
	enum err e;

	if ((e = open_outbox(v, &dir)) == ERR_OK)
		e = keystore_file_each(dir, sweep_one, &v->catalog.post);
	io_close(&dir);
	return e;
}

/* ---- what is waiting */

int32_t
outbox_newest(const struct catalog *c)
{
	int32_t newest = 0;
	size_t i;

	for (i = 0; i < c->n_bundles; i++)
		if (c->bundles[i].is_whole && c->bundles[i].made > newest)
			newest = c->bundles[i].made;
	return newest;
}

/* Only what this desk can read, and has in the form that the server signed for. */
static bool
is_held(const struct catalog_item *i)
{
	return i->receipt == 0 && (i->flags & CATALOG_CHANGED) == 0 &&
	       (i->state == CATALOG_OPENED || i->state == CATALOG_FOREIGN);
}

/*
 * A receipt stays in the server's index for a week: one for half a day's
 * submissions would tell which of them came before a bundle was made. So a day must be over.
 */
bool
outbox_is_due(const struct catalog_item *i, int32_t newest)
{
	return is_held(i) && i->backup != 0 && i->day < newest;
}

static struct post_bundle *
begun(const struct catalog *c)
{
	struct post_bundle *last;

	if (c->post.n_bundles == 0)
		return NULL;
	last = &c->post.bundles[c->post.n_bundles - 1];
	return last->is_written ? NULL : last;
}

void
outbox_count(const struct vault *v, struct outbox_waiting *out)
{
	const struct catalog *c = &v->catalog;
	const struct post_bundle *b = begun(c);
	struct outbox_waiting w = {.begun = b == NULL ? 0 : b->serial};
	int32_t newest = outbox_newest(c);
	const struct catalog_item *it;
	size_t i;

	for (i = 0; i < c->post.n_replies; i++)
		w.replies += c->post.replies[i].serial == 0 ||
			     (b != NULL && c->post.replies[i].serial == b->serial);
	for (i = 0; i < c->n_items; i++) {
		it = c->items[i];
		w.receipts += outbox_is_due(it, newest) || (b != NULL && it->receipt == b->serial);
		w.no_backup += is_held(it) && it->backup == 0;
		w.incomplete += is_held(it) && it->backup != 0 && it->day >= newest;
	}
	*out = w;
}

/* ---- deciding */

static enum err
take_replies(struct catalog *c, struct post_bundle *b)
{
	struct post_reply r;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->post.n_replies && b->replies < OUTBOX_REPLIES && e == ERR_OK; i++) {
		if (c->post.replies[i].serial != 0)
			continue;
		r = c->post.replies[i];
		r.serial = b->serial;
		b->replies++;
		e = catalog_put_reply(c, &r);
	}
	return e;
}

static enum err
take_receipts(struct catalog *c, struct post_bundle *b)
{
	int32_t newest = outbox_newest(c);
	struct post_held h;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->n_items && b->receipts < OUTBOX_RECEIPTS && e == ERR_OK; i++) {
		if (!outbox_is_due(c->items[i], newest))
			continue;
		h = (struct post_held){.backup = c->items[i]->backup, .serial = b->serial};
		memcpy(h.id, c->items[i]->id, sizeof h.id);
		b->receipts++;
		e = catalog_put_held(c, &h);
	}
	return e;
}

/* The next bundle's content, in the ledger. */
static enum err
decide(struct vault *v, uint32_t after, struct post_bundle *out)
{
	struct catalog *c = &v->catalog;
	struct post_bundle b = {.serial = after, .made = clock_today()};
	uint32_t last = c->post.n_bundles == 0 ? 0 : c->post.bundles[c->post.n_bundles - 1].serial;
	enum err e;

	if (last > b.serial)
		b.serial = last;
	if (b.serial == UINT32_MAX)
		return ERR_LIMIT;
	b.serial++;
	if ((e = take_replies(c, &b)) != ERR_OK || (e = take_receipts(c, &b)) != ERR_OK)
		return e;
	if (b.replies == 0 && b.receipts == 0)
		return ERR_NOTFOUND;
	if ((e = catalog_put_answers(c, &b)) != ERR_OK || (e = vault_commit(v)) != ERR_OK)
		return e;
	*out = b;
	return ERR_OK;
}

/* What that bundle carried waits again, in the ledger to be; *n: how much that was. */
static enum err
release(struct catalog *c, uint32_t serial, size_t *n)
{
	struct post_held h = {0};
	struct post_reply r;
	enum err e = ERR_OK;
	size_t i;

	*n = 0;
	for (i = 0; i < c->post.n_replies && e == ERR_OK; i++) {
		if (c->post.replies[i].serial != serial)
			continue;
		r = c->post.replies[i];
		r.serial = 0;
		++*n;
		e = catalog_put_reply(c, &r);
	}
	for (i = 0; i < c->n_items && e == ERR_OK; i++) {
		if (c->items[i]->receipt != serial)
			continue;
		h.backup = c->items[i]->backup;
		memcpy(h.id, c->items[i]->id, sizeof h.id);
		++*n;
		e = catalog_put_held(c, &h);
	}
	return e;
}

enum err
outbox_write(struct vault *v, const char *path, uint32_t after, struct outbox_made *out)
{
	const struct post_bundle *old = begun(&v->catalog);
	struct outbox_made made = {0};
	size_t n;
	enum err e;

	if (access(path, F_OK) == 0)
		return ERR_EXISTS;
	/* The server would refuse the begun one. One commit: what it carried and the new one. */
	if (old != NULL && old->serial <= after) {
		made.given_up = old->serial;
		old = NULL;
		if ((e = release(&v->catalog, made.given_up, &n)) != ERR_OK)
			return e;
	}
	if (old != NULL)
		made.bundle = *old;
	else if ((e = decide(v, after, &made.bundle)) != ERR_OK)
		return e;
	if ((e = outbox_bundle_write(v, &made.bundle, path, &made.why)) == ERR_OK) {
		made.bundle.is_written = true;
		if ((e = catalog_put_answers(&v->catalog, &made.bundle)) == ERR_OK)
			e = vault_commit(v);
		if (e != ERR_OK)
			unlink(path); /* the next one is the same */
	}
	*out = made;
	return e;
}

enum err
outbox_again(struct vault *v, uint32_t serial)
{
	size_t n;
	enum err e = release(&v->catalog, serial, &n);

	if (e == ERR_OK && n == 0)
		return ERR_NOTFOUND;
	return e == ERR_OK ? vault_commit(v) : e;
}
