#include "import_rig.h"

#include "verify.h"

/* What becomes of an item in the vault: opened now or later, never changed, made good again. */

static void
what_can_not_be_opened_is_kept_with_the_reason(void **state)
{
	struct rig_submission s;
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	rig_submission(&s, 0);
	s.is_stranger = true;
	rig_bundle_add(&b, &s);
	rig_submission(&s, 1);
	s.stated_id = "00000000000000000000000000000000";
	rig_bundle_add(&b, &s);
	make_bundle(&tar, &b, 2, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 3);
	assert_int_equal(r.unopened, 1);
	assert_int_equal(notes.n[IMPORT_UNOPENED], 1);
	assert_int_equal(notes.n[IMPORT_FLAGGED], 1);
	rig_submission(&s, 0);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->state, CATALOG_NO_KEY);
	rig_submission(&s, 1);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->flags, CATALOG_BAD_ID);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_key_that_comes_later_opens_it(void **state)
{
	struct rig_submission s;
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	char keys[128];
	size_t n;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	rig_submission(&s, 0);
	s.day = RIG_DAY + 15;
	s.epoch = s.stated_epoch = RIG_EPOCH + 1;
	rig_bundle_add(&b, &s);
	make_bundle(&tar, &b, 1, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(r.unopened, 1);
	assert_ok(import_retry(d.v, &n));
	assert_int_equal(n, 0);
	desk_close(&d);
	/* The key arrives. */
	snprintf(keys, sizeof keys, "%s/KEYS", d.dir);
	rig_add_epoch(keys, RIG_EPOCH + 1);
	desk_open(&d);
	assert_ok(import_retry(d.v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->state, CATALOG_OPENED);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->flags, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
an_item_never_changes(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	char before;
	int fd = -1;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	before = (char)b.items[0].sealed.p[0];
	b.items[0].sealed.p[0] ^= 1;
	hash_256(b.items[0].row.hash, b.items[0].sealed.p, b.items[0].sealed.len);
	b.head.serial = 2;
	memcpy(b.head.previous, b.hash, HASH_LEN);
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_CHANGED], 1);
	assert_int_equal(notes.n[IMPORT_MISSING], 0);
	assert_int_equal(only_alarm(&d).kind, CATALOG_ITEM_CHANGED);
	assert_string_equal(only_alarm(&d).id, b.items[0].row.id);
	assert_int_equal(d.v->catalog.items[0]->flags, CATALOG_CHANGED);
	assert_ok(vault_open_item(d.v, b.items[0].row.id, &fd));
	assert_int_equal(read(fd, &r, 1), 1);
	assert_int_equal(*(char *)&r, before);
	close(fd);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* ---- what a killed import may leave */

static void
a_name_without_a_row_is_adopted_or_replaced(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	/* Whole, but without a row; and one that a power cut left empty; and one that is a link. */
	vault_item_name(name, b.items[0].row.id);
	assert_ok(io_write_new(d.v->items, name, b.items[0].sealed.p, b.items[0].sealed.len, 0600));
	vault_item_name(name, b.items[1].row.id);
	assert_ok(io_write_new(d.v->items, name, "", 0, 0600));
	vault_item_name(name, b.items[2].row.id);
	assert_int_equal(symlinkat("/etc/passwd", d.v->items, name), 0);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 3);
	assert_int_equal(r.missing, 0);
	desk_close(&d);
	desk_open(&d);
	assert_true(has_file(&d, b.items[0].row.id));
	assert_true(has_file(&d, b.items[1].row.id));
	assert_true(has_file(&d, b.items[2].row.id));
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_row_whose_file_is_gone_comes_again(void **state)
{
	struct import_report r;
	struct verify_result checked;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	vault_item_name(name, b.items[0].row.id);
	assert_int_equal(unlinkat(d.v->items, name, 0), 0);
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file.e, ERR_NOTFOUND);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(r.added, 1);
	assert_int_equal(r.had, 2);
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_ok(checked.file.e);
	/* Changed in the vault: the hash of the signed index tells. */
	assert_ok(io_replace(d.v->items, name, "x", 1, 0600));
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file.e, ERR_AUTH);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
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
	struct import_report r;
	struct desk_notes notes;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t last;
	int i;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	vault_item_name(name, b.items[1].row.id);
	assert_ok(io_replace(d.v->items, name, b.items[1].sealed.p, 100, 0600));
	last = end_of(&tar, &b, 1) - 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_HEALED], 1);
	assert_int_equal(r.missing, 0);
	assert_true(has_file(&d, b.items[1].row.id));
	assert_ok(io_replace(d.v->items, name, b.items[1].sealed.p, 100, 0600));
	tar.p[last] ^= 1;
	/* The second time its row says that it is missing. */
	for (i = 0; i < 2; i++) {
		assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		assert_int_equal(notes.n[IMPORT_DAMAGED], 1);
		assert_int_equal(notes.n[IMPORT_HEALED], 0);
		assert_int_equal(r.missing, 1);
		assert_int_equal(file_size(&d, name), 100);
	}
	tar.p[last] ^= 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.missing, 0);
	assert_int_equal(r.added, 1);
	assert_int_equal(file_size(&d, name), b.items[1].sealed.len);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_can_not_be_opened_is_kept_with_the_reason),
	    cmocka_unit_test(a_key_that_comes_later_opens_it),
	    cmocka_unit_test(an_item_never_changes),
	    cmocka_unit_test(a_name_without_a_row_is_adopted_or_replaced),
	    cmocka_unit_test(a_row_whose_file_is_gone_comes_again),
	    cmocka_unit_test(a_truncated_file_is_replaced_by_a_good_one_only),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
