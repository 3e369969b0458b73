#ifndef SEALSLOT_TEST_IMPORT_RIG_H
#define SEALSLOT_TEST_IMPORT_RIG_H

/* Bundles that an import gets, whole, cut or changed, and what it did with them. */
#include "desk.h"

#include "carry/tar.h"

/* A desk, and a bundle on its way there. */
struct scene {
	struct desk desk;            /* with the key of one epoch */
	struct rig_bundle bundle;    /* serial 1, with nothing in it */
	struct buf tar;              /* the bundle as it was written last */
	struct import_report report; /* of the last import, like the notes */
	struct desk_notes notes;
};

static inline int
scene_open(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	*state = s;
	desk_init(&s->desk, 1);
	rig_bundle(&s->bundle, 1);
	buf_init(&s->tar, SIZE_MAX / 2);
	return 0;
}

/* Runs after a failed assertion, too. */
static inline int
scene_close(void **state)
{
	struct scene *s = *state;

	buf_wipe(&s->tar);
	rig_bundle_wipe(&s->bundle);
	desk_wipe(&s->desk);
	free(s);
	return 0;
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, scene_open, scene_close)

/* Another desk in the place of this one. */
static inline void
fresh_desk(struct scene *s, uint32_t epochs)
{
	desk_wipe(&s->desk);
	desk_init(&s->desk, epochs);
}

static inline void
write_bundle(struct scene *s)
{
	buf_reset(&s->tar);
	rig_bundle_write(&s->bundle, buf_sink(&s->tar));
}

/* The bundle gets submissions [first, first + n), and is written. */
static inline void
make_bundle(struct scene *s, unsigned first, unsigned n)
{
	struct rig_submission sub;
	unsigned i;

	for (i = first; i < first + n; i++) {
		rig_submission(&sub, i);
		rig_bundle_add(&s->bundle, &sub);
	}
	write_bundle(s);
}

/* Imports the first n bytes of what was written. */
static inline enum err
import_part(struct scene *s, size_t n)
{
	return desk_import(&s->desk, &s->tar, n, &s->report, &s->notes);
}

static inline enum err
import_whole(struct scene *s)
{
	return import_part(s, s->tar.len);
}

static inline struct catalog_alarm
only_alarm(const struct scene *s)
{
	assert_int_equal(s->desk.v->catalog.n_alarms, 1);
	return s->desk.v->catalog.alarms[0];
}

/* Small items, so that every byte can be tried: ciphertext that opens with no key. */
static inline void
add_small(struct scene *s, unsigned i, size_t n)
{
	struct rig_bundle *b = &s->bundle;
	struct rig_submission sub;
	struct rig_item *item;
	uint8_t *p;

	rig_submission(&sub, i);
	assert_non_null(b->items = realloc(b->items, (b->n + 1) * sizeof *b->items));
	item = &b->items[b->n++];
	*item =
	    (struct rig_item){.row = {.day = sub.day, .epoch = sub.epoch, .size = n}, .spool = -1};
	snprintf(item->row.id, sizeof item->row.id, "%032x", i);
	strcpy(item->row.inbox, RIG_INBOX);
	buf_init(&item->sealed, n + 1);
	assert_ok(buf_grow(&item->sealed, n, &p));
	harness_fill(p, n, i);
	hash_256(item->row.hash, item->sealed.p, n);
}

static inline void
make_small(struct scene *s)
{
	add_small(s, 1, 700);
	add_small(s, 2, 512);
	add_small(s, 3, 1);
	write_bundle(s);
}

/* Where in the archive the content of small item i ends. */
static inline size_t
end_of(const struct scene *s, size_t i)
{
	const struct rig_item *item = &s->bundle.items[i];
	const uint8_t *at;
	char name[64];

	/* The index has the id alone; with its ending it stands in the member's header. */
	snprintf(name, sizeof name, "%s" BUNDLE_ITEM_EXT, item->row.id);
	assert_non_null(at = memmem(s->tar.p, s->tar.len, name, strlen(name)));
	return (size_t)(at - s->tar.p) + TAR_BLOCK + item->sealed.len;
}

/* Whether the desk has item i of the bundle. */
static inline bool
has_file(const struct scene *s, size_t i)
{
	const char *id = s->bundle.items[i].row.id;
	const struct catalog_item *row = catalog_find(&s->desk.v->catalog, id);
	int fd = -1;
	bool has;

	has = row != NULL && row->state != CATALOG_MISSING;
	assert_int_equal(vault_open_item(s->desk.v, id, &fd) == ERR_OK, has);
	io_close(&fd);
	return has;
}

#endif
