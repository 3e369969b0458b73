#include "import_rig.h"

#include "verify.h"

/* What becomes of an item in the vault: opened now or later, never changed, made good again. */

static void
what_can_not_be_opened_is_kept_with_the_reason(void **state)
{
	struct scene *s = *state;
	struct rig_submission sub;

	rig_submission(&sub, 0);
	sub.is_stranger = true;
	rig_bundle_add(&s->bundle, &sub);
	rig_submission(&sub, 1);
	sub.stated_id = "00000000000000000000000000000000";
	rig_bundle_add(&s->bundle, &sub);
	make_bundle(s, 2, 1);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.added, 3);
	assert_int_equal(s->report.unopened, 1);
	assert_int_equal(s->notes.n[IMPORT_UNOPENED], 1);
	assert_int_equal(s->notes.n[IMPORT_FLAGGED], 1);
	rig_submission(&sub, 0);
	assert_int_equal(catalog_find(&s->desk.v->catalog, sub.id)->state, CATALOG_NO_KEY);
	rig_submission(&sub, 1);
	assert_int_equal(catalog_find(&s->desk.v->catalog, sub.id)->flags, CATALOG_BAD_ID);
}

static void
a_key_that_comes_later_opens_it(void **state)
{
	struct scene *s = *state;
	struct rig_submission sub;
	char keys[128];
	size_t n;

	rig_submission(&sub, 0);
	sub.day = RIG_DAY + 15;
	sub.epoch = sub.stated_epoch = RIG_EPOCH + 1;
	rig_bundle_add(&s->bundle, &sub);
	make_bundle(s, 1, 1);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.unopened, 1);
	assert_ok(import_retry(s->desk.v, &n));
	assert_int_equal(n, 0);
	desk_close(&s->desk);
	/* The key arrives. */
	snprintf(keys, sizeof keys, "%s/KEYS", s->desk.dir);
	rig_add_epoch(keys, RIG_EPOCH + 1);
	desk_open(&s->desk);
	assert_ok(import_retry(s->desk.v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(catalog_find(&s->desk.v->catalog, sub.id)->state, CATALOG_OPENED);
	assert_int_equal(catalog_find(&s->desk.v->catalog, sub.id)->flags, 0);
}

static void
an_item_never_changes(void **state)
{
	struct scene *s = *state;
	struct rig_item *item;
	uint8_t before, kept;
	int fd = -1;

	make_small(s);
	assert_ok(import_whole(s));
	item = &s->bundle.items[0];
	before = item->sealed.p[0];
	item->sealed.p[0] ^= 1;
	hash_256(item->row.hash, item->sealed.p, item->sealed.len);
	s->bundle.head.serial = 2;
	memcpy(s->bundle.head.previous, s->bundle.hash, HASH_LEN);
	write_bundle(s);
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_CHANGED], 1);
	assert_int_equal(s->notes.n[IMPORT_MISSING], 0);
	assert_int_equal(only_alarm(s).kind, CATALOG_ITEM_CHANGED);
	assert_string_equal(only_alarm(s).id, item->row.id);
	assert_int_equal(s->desk.v->catalog.items[0]->flags, CATALOG_CHANGED);
	assert_ok(vault_open_item(s->desk.v, item->row.id, &fd));
	assert_int_equal(read(fd, &kept, 1), 1);
	assert_int_equal(kept, before);
	close(fd);
}

/* ---- what a killed import may leave */

static void
a_name_without_a_row_is_adopted_or_replaced(void **state)
{
	struct scene *s = *state;
	char name[VAULT_ITEM_NAME];
	struct rig_item *items;

	make_small(s);
	items = s->bundle.items;
	/* Whole, but without a row; and one that a power cut left empty; and one that is a link. */
	vault_item_name(name, items[0].row.id);
	assert_ok(
	    io_write_new(s->desk.v->items, name, items[0].sealed.p, items[0].sealed.len, 0600));
	vault_item_name(name, items[1].row.id);
	assert_ok(io_write_new(s->desk.v->items, name, "", 0, 0600));
	vault_item_name(name, items[2].row.id);
	assert_int_equal(symlinkat("/etc/passwd", s->desk.v->items, name), 0);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.added, 3);
	assert_int_equal(s->report.missing, 0);
	desk_close(&s->desk);
	desk_open(&s->desk);
	assert_true(has_file(s, 0));
	assert_true(has_file(s, 1));
	assert_true(has_file(s, 2));
}

static void
a_row_whose_file_is_gone_comes_again(void **state)
{
	struct scene *s = *state;
	struct verify_result checked;
	char name[VAULT_ITEM_NAME];

	make_small(s);
	assert_ok(import_whole(s));
	vault_item_name(name, s->bundle.items[0].row.id);
	assert_int_equal(unlinkat(s->desk.v->items, name, 0), 0);
	assert_ok(verify_item(s->desk.v, s->desk.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file.e, ERR_NOTFOUND);
	assert_ok(import_whole(s));
	assert_int_equal(s->report.added, 1);
	assert_int_equal(s->report.had, 2);
	assert_ok(verify_item(s->desk.v, s->desk.v->catalog.items[0], desk_nowhere(), &checked));
	assert_ok(checked.file.e);
	/* Changed in the vault: the hash of the signed index tells. */
	assert_ok(io_replace(s->desk.v->items, name, "x", 1, 0600));
	assert_ok(verify_item(s->desk.v, s->desk.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file.e, ERR_AUTH);
}

static off_t
file_size(const struct desk *d, const char *name)
{
	struct stat st;

	return fstatat(d->v->items, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : -1;
}

/* What is left of an item goes only when a good copy takes its place. */
static void
a_truncated_file_is_replaced_by_a_good_one_only(void **state)
{
	struct scene *s = *state;
	char name[VAULT_ITEM_NAME];
	size_t last;
	int i;

	make_small(s);
	assert_ok(import_whole(s));
	vault_item_name(name, s->bundle.items[1].row.id);
	assert_ok(io_replace(s->desk.v->items, name, s->bundle.items[1].sealed.p, 100, 0600));
	last = end_of(s, 1) - 1;
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_HEALED], 1);
	assert_int_equal(s->report.missing, 0);
	assert_true(has_file(s, 1));
	assert_ok(io_replace(s->desk.v->items, name, s->bundle.items[1].sealed.p, 100, 0600));
	s->tar.p[last] ^= 1;
	/* The second time its row says that it is missing. */
	for (i = 0; i < 2; i++) {
		assert_ok(import_whole(s));
		assert_int_equal(s->notes.n[IMPORT_DAMAGED], 1);
		assert_int_equal(s->notes.n[IMPORT_HEALED], 0);
		assert_int_equal(s->report.missing, 1);
		assert_int_equal(file_size(&s->desk, name), 100);
	}
	s->tar.p[last] ^= 1;
	assert_ok(import_whole(s));
	assert_int_equal(s->report.missing, 0);
	assert_int_equal(s->report.added, 1);
	assert_int_equal(file_size(&s->desk, name), s->bundle.items[1].sealed.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(what_can_not_be_opened_is_kept_with_the_reason),
	    SCENE_TEST(a_key_that_comes_later_opens_it),
	    SCENE_TEST(an_item_never_changes),
	    SCENE_TEST(a_name_without_a_row_is_adopted_or_replaced),
	    SCENE_TEST(a_row_whose_file_is_gone_comes_again),
	    SCENE_TEST(a_truncated_file_is_replaced_by_a_good_one_only),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
