#ifndef SEALSLOT_TEST_IMPORT_RIG_H
#define SEALSLOT_TEST_IMPORT_RIG_H

/* Bundles that an import gets, whole, cut or changed, and what it did with them. */
#include "desk.h"

#include "carry/tar.h"

/* A bundle with submissions [first, first + n), in memory. */
static inline void
make_bundle(struct buf *out, struct rig_bundle *b, unsigned first, unsigned n)
{
	struct rig_submission s;
	unsigned i;

	for (i = first; i < first + n; i++) {
		rig_submission(&s, i);
		rig_bundle_add(b, &s);
	}
	buf_init(out, SIZE_MAX / 2);
	rig_bundle_write(b, buf_sink(out));
}

static inline void
write_again(struct buf *out, struct rig_bundle *b)
{
	buf_reset(out);
	rig_bundle_write(b, buf_sink(out));
}

static inline struct catalog_alarm
only_alarm(const struct desk *d)
{
	assert_int_equal(d->v->catalog.n_alarms, 1);
	return d->v->catalog.alarms[0];
}

/* Small items, so that every byte can be tried: ciphertext that opens with no key. */
static inline void
add_small(struct rig_bundle *b, unsigned i, size_t n)
{
	struct rig_submission s;
	struct rig_item *item;
	uint8_t *p;

	rig_submission(&s, i);
	assert_non_null(b->items = realloc(b->items, (b->n + 1) * sizeof *b->items));
	item = &b->items[b->n++];
	*item = (struct rig_item){.row = {.day = s.day, .epoch = s.epoch, .size = n}, .spool = -1};
	snprintf(item->row.id, sizeof item->row.id, "%032x", i);
	strcpy(item->row.inbox, RIG_INBOX);
	buf_init(&item->sealed, n + 1);
	assert_ok(buf_grow(&item->sealed, n, &p));
	harness_fill(p, n, i);
	hash_256(item->row.hash, item->sealed.p, n);
}

/* Where in the archive the content of small item i ends. */
static inline size_t
end_of(const struct buf *tar, const struct rig_bundle *b, size_t i)
{
	const uint8_t *at;
	char name[64];

	/* The index has the id alone; with its ending it stands in the member's header. */
	snprintf(name, sizeof name, "%s" BUNDLE_ITEM_EXT, b->items[i].row.id);
	assert_non_null(at = memmem(tar->p, tar->len, name, strlen(name)));
	return (size_t)(at - tar->p) + TAR_BLOCK + b->items[i].sealed.len;
}

static inline bool
has_file(const struct desk *d, const char *id)
{
	const struct catalog_item *row = catalog_find(&d->v->catalog, id);
	int fd = -1;
	bool has;

	has = row != NULL && row->state != CATALOG_MISSING;
	assert_int_equal(vault_open_item(d->v, id, &fd) == ERR_OK, has);
	io_close(&fd);
	return has;
}

static inline void
make_small(struct buf *tar, struct rig_bundle *b)
{
	rig_bundle(b, 1);
	add_small(b, 1, 700);
	add_small(b, 2, 512);
	add_small(b, 3, 1);
	buf_init(tar, LIMIT_MIB);
	rig_bundle_write(b, buf_sink(tar));
}

#endif
