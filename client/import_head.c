#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "base/clock.h"
#include "carry/minisign.h"
#include "import_part.h"

/* The first three members, as they were read. */
struct front {
	struct buf index, sig, key;
};

static enum err
read_named(struct import *im, const char *name, struct buf *out, const char **why)
{
	enum err e;

	if ((e = feed_next(&im->feed)) != ERR_OK || strcmp(im->feed.member.name, name) != 0) {
		*why = e == ERR_TRUNCATED
			   ? "it ends before its list of contents is complete. Copy it again"
			   : "it isn't a bundle that `sealslotd export` wrote, or it was repacked";
		return e == ERR_OK || e == ERR_CLOSED ? ERR_FORMAT : e;
	}
	if ((e = feed_read(&im->feed, out)) == ERR_TRUNCATED)
		*why = "it ends before its list of contents is complete. Copy it again";
	else if (e == ERR_LIMIT)
		*why = "its list of contents is larger than any that our server writes";
	return e;
}

static enum err
read_front(struct import *im, struct front *f, const char **why)
{
	enum err e;

	if ((e = read_named(im, BUNDLE_INDEX, &f->index, why)) != ERR_OK ||
	    (e = read_named(im, BUNDLE_INDEX_SIG, &f->sig, why)) != ERR_OK)
		return e;
	return read_named(im, BUNDLE_TRANSFER, &f->key, why);
}

/* The key that the signature must be by: the pinned one, or at the first import the bundle's own.
 */
static enum err
choose_key(struct import *im, const struct buf *text, struct minisign_key *out, const char **why)
{
	struct catalog *c = &im->v->catalog;
	enum err e;

	if ((e = minisign_key_parse_file(out, text->p, text->len)) != ERR_OK) {
		*why = "its transfer key is malformed";
		return e;
	}
	if (!c->has_transfer || memcmp(c->transfer.pk, out->pk, MINISIGN_PK) == 0)
		return ERR_OK;
	*why = "it is signed with another transfer key than this vault's server has. Nothing of it "
	       "was imported";
	if ((e = alarm_raise(c, CATALOG_TRANSFER_KEY, 0, 0, NULL)) != ERR_OK ||
	    (e = vault_commit(im->v)) != ERR_OK)
		return e;
	return ERR_AUTH;
}

/* Signature first; not one byte of the index is looked at before. */
static enum err
authenticate(struct import *im, const struct front *f, struct minisign_key *key, const char **why)
{
	char comment[BUNDLE_COMMENT_MAX + 1];
	struct bundle_fault fault = {0, NULL};
	struct minisign_sig sig;
	enum err e;

	if ((e = choose_key(im, &f->key, key, why)) != ERR_OK)
		return e;
	*why = "the signature of its list of contents doesn't verify: it was changed or damaged on "
	       "the way. Nothing of it was imported";
	if ((e = minisign_sig_parse(&sig, f->sig.p, f->sig.len)) != ERR_OK ||
	    (e = minisign_verify(key, &sig, f->index.p, f->index.len, NULL)) != ERR_OK)
		return e == ERR_NOMATCH ? ERR_AUTH : e;
	if ((e = bundle_index_parse(f->index.p, f->index.len, &im->index, &fault)) != ERR_OK) {
		*why = fault.why;
		return e;
	}
	if (bundle_comment(&im->index->head, comment, sizeof comment) != ERR_OK ||
	    strcmp(comment, sig.comment) != 0)
		return ERR_AUTH;
	if (strcmp(im->index->head.instance, im->v->catalog.instance) != 0) {
		*why = "it comes from another instance than the one that the key store is for";
		return ERR_AUTH;
	}
	*why = NULL;
	return ERR_OK;
}

/* ---- serials */

/* The record with the highest serial; NULL while there is none. */
static const struct catalog_bundle *
newest(const struct catalog *c)
{
	return c->n_bundles == 0 ? NULL : &c->bundles[c->n_bundles - 1];
}

static const struct catalog_bundle *
any_volume(const struct catalog *c, uint32_t serial)
{
	size_t i;

	for (i = 0; i < c->n_bundles; i++)
		if (c->bundles[i].serial == serial)
			return &c->bundles[i];
	return NULL;
}

/* Is it the bundle, or a volume of the bundle, that came under this serial before? */
static bool
is_same(const struct import *im, const struct catalog_bundle *old)
{
	const struct catalog_bundle *twin;
	const struct bundle_head *h = &im->index->head;

	twin = catalog_find_bundle(&im->v->catalog, h->serial, h->volume);
	if (twin != NULL)
		return memcmp(twin->hash, im->index_hash, HASH_LEN) == 0;
	return old->volumes == h->volumes && old->made == h->made &&
	       old->items == im->index->n_items &&
	       memcmp(old->previous, h->previous, HASH_LEN) == 0;
}

/* Does the chain of hashes hold on both sides? Only volume 1's index is hashed. */
static enum err
check_chain(struct import *im)
{
	const struct bundle_head *h = &im->index->head;
	struct catalog *c = &im->v->catalog;
	const struct catalog_bundle *before = catalog_find_bundle(c, h->serial - 1, 1);
	const struct catalog_bundle *after = any_volume(c, h->serial + 1);
	enum err e = ERR_OK;

	if (before != NULL && memcmp(before->hash, h->previous, HASH_LEN) != 0)
		e = alarm_raise(c, CATALOG_BUNDLE_CHAIN, h->serial, 0, NULL);
	if (e == ERR_OK && after != NULL && h->volume == 1 &&
	    memcmp(after->previous, im->index_hash, HASH_LEN) != 0)
		e = alarm_raise(c, CATALOG_BUNDLE_CHAIN, h->serial + 1ull, 0, NULL);
	return e;
}

static enum err
check_serial(struct import *im)
{
	const struct bundle_head *h = &im->index->head;
	struct catalog *c = &im->v->catalog;
	const struct catalog_bundle *last = newest(c), *old = any_volume(c, h->serial);
	enum err e = ERR_OK;

	if (last == NULL)
		return ERR_OK;
	if (old != NULL && !is_same(im, old))
		return alarm_raise(c, CATALOG_BUNDLE_FORK, h->serial, 0, NULL);
	if (old == NULL && h->serial < last->serial && h->made > last->made)
		e = alarm_raise(c, CATALOG_BUNDLE_BACK, h->serial, last->serial, NULL);
	else if (h->serial > last->serial && h->serial - last->serial > 1)
		e = alarm_raise(c, CATALOG_GAP, last->serial + 1ull, h->serial - 1ull, NULL);
	return e == ERR_OK ? check_chain(im) : e;
}

enum err
import_head(struct import *im, const char **why)
{
	struct minisign_key key;
	struct front f;
	enum err e;

	buf_init(&f.index, LIMIT_BUNDLE_INDEX);
	buf_init(&f.sig, LIMIT_SIGNATURE);
	buf_init(&f.key, LIMIT_SIGNATURE);
	if ((e = read_front(im, &f, why)) != ERR_OK ||
	    (e = authenticate(im, &f, &key, why)) != ERR_OK)
		goto done;
	hash_256(im->index_hash, f.index.p, f.index.len);
	im->r->head = im->index->head;
	im->r->is_authentic = true;
	im->r->listed = im->index->n_items;
	if (!im->v->catalog.has_transfer) {
		im->r->is_first = true;
		if ((e = catalog_put_transfer(&im->v->catalog, &key)) != ERR_OK)
			goto done;
	}
	e = check_serial(im);
done:
	buf_wipe(&f.key);
	buf_wipe(&f.sig);
	buf_wipe(&f.index);
	return e;
}

/* ---- the record at the end */

/* Did an older bundle carry a newer schedule, or a newer bundle an older one? */
static enum err
check_schedules(struct import *im, const struct catalog_bundle *b)
{
	struct catalog *c = &im->v->catalog;
	const struct catalog_bundle *x;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; b->schedule != 0 && e == ERR_OK && i < c->n_bundles; i++) {
		x = &c->bundles[i];
		if (x->schedule == 0)
			continue;
		if (x->serial < b->serial && x->schedule > b->schedule)
			e = alarm_raise(c, CATALOG_SCHEDULE_BACK, b->schedule, x->schedule, NULL);
		else if (x->serial > b->serial && x->schedule < b->schedule)
			e = alarm_raise(c, CATALOG_SCHEDULE_BACK, x->schedule, b->schedule, NULL);
	}
	return e;
}

enum err
import_record(struct import *im)
{
	const struct bundle_head *h = &im->index->head;
	struct catalog *c = &im->v->catalog;
	const struct catalog_bundle *old = catalog_find_bundle(c, h->serial, h->volume);
	struct catalog_bundle b = {.serial = h->serial,
	    .volume = h->volume,
	    .volumes = h->volumes,
	    .made = h->made,
	    .imported = clock_today(),
	    .items = (uint32_t)im->index->n_items,
	    .schedule = im->schedule,
	    .is_whole = im->r->missing == 0 && !im->r->is_cut};
	enum err e;

	memcpy(b.hash, im->index_hash, HASH_LEN);
	memcpy(b.previous, h->previous, HASH_LEN);
	/* Under a serial that forks, the first to come stays on record. */
	if (old != NULL && memcmp(old->hash, b.hash, HASH_LEN) != 0)
		return ERR_OK;
	if (old != NULL && old->is_whole == b.is_whole && old->schedule >= b.schedule)
		return ERR_OK;
	if (old != NULL && old->is_whole)
		b.is_whole = true;
	if ((e = check_schedules(im, &b)) != ERR_OK || (e = catalog_put_bundle(c, &b)) != ERR_OK)
		return e;
	return alarm_close_gaps(c);
}
