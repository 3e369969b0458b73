#include "import_rig.h"

/* A bundle that was cut off, or changed, on its way. */

/*
 * Cut off at every byte, one after the other into the same vault: after each,
 * exactly what was whole is there, the rest is named, and nothing is lost of what was there before.
 */
static void
truncated_at_any_byte(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	size_t n, i, there, head;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	enum err e;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	/* transfer.pub is the last of what must be whole. */
	head = (size_t)((uint8_t *)memmem(tar.p, tar.len, BUNDLE_SCHEDULES, 5) - tar.p);
	for (n = 0; n < tar.len; n++) {
		e = desk_import(&d, &tar, n, &r, &notes);
		if (e != ERR_OK) {
			assert_err(e, ERR_TRUNCATED);
			assert_true(n <= head);
			assert_int_equal(d.v->catalog.n_items, 0);
			continue;
		}
		assert_true(n > head - TAR_BLOCK);
		assert_true(r.is_cut);
		assert_int_equal(notes.n[IMPORT_ENDED], 1);
		for (i = 0, there = 0; i < b.n; i++) {
			assert_int_equal(has_file(&d, b.items[i].row.id), n >= end_of(&tar, &b, i));
			there += n >= end_of(&tar, &b, i);
		}
		assert_int_equal(notes.n[IMPORT_MISSING], b.n - there);
		assert_int_equal(r.missing, b.n - there);
		assert_int_equal(d.v->catalog.n_items, b.n);
		assert_false(d.v->catalog.bundles[0].is_whole);
	}
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_false(r.is_cut);
	assert_true(d.v->catalog.bundles[0].is_whole);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* The same into a fresh vault each time, at fewer places. */
static void
truncated_in_a_fresh_vault(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t n, i;

	(void)state;
	make_small(&tar, &b);
	for (n = 0; n < tar.len; n += 509) {
		desk_init(&d, 1);
		if (desk_import(&d, &tar, n, &r, &notes) == ERR_OK)
			for (i = 0; i < b.n; i++)
				assert_int_equal(
				    has_file(&d, b.items[i].row.id), n >= end_of(&tar, &b, i));
		assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		assert_int_equal(r.had + r.added, b.n);
		desk_wipe(&d);
	}
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
}

/* One changed byte anywhere: what is not as listed stays out, or nothing comes in at all. */
static void
changed_at_any_byte(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t n, i;
	enum err e;
	int fd;

	(void)state;
	make_small(&tar, &b);
	for (n = 0; n < tar.len; n += n % 512 < 160 ? 13 : 37) {
		desk_init(&d, 1);
		tar.p[n] ^= 1;
		e = desk_import(&d, &tar, tar.len, &r, &notes);
		tar.p[n] ^= 1;
		if (e != ERR_OK)
			assert_int_equal(d.v->catalog.n_items, 0);
		for (i = 0; i < b.n; i++) {
			if (!has_file(&d, b.items[i].row.id))
				continue;
			assert_ok(vault_open_item(d.v, b.items[i].row.id, &fd));
			assert_int_equal(lseek(fd, 0, SEEK_END), b.items[i].sealed.len);
			close(fd);
		}
		/* The whole bundle afterwards heals everything but the pin of a forged key. */
		if (e == ERR_OK)
			assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		desk_wipe(&d);
	}
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
}

static void
a_damaged_item_stays_out(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	tar.p[end_of(&tar, &b, 1) - 1] ^= 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_DAMAGED], 1);
	assert_string_equal(notes.last, b.items[2].row.id); /* which can't be opened */
	assert_int_equal(r.missing, 1);
	assert_false(has_file(&d, b.items[1].row.id));
	assert_true(has_file(&d, b.items[0].row.id) && has_file(&d, b.items[2].row.id));
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(truncated_at_any_byte),
	    cmocka_unit_test(truncated_in_a_fresh_vault),
	    cmocka_unit_test(changed_at_any_byte),
	    cmocka_unit_test(a_damaged_item_stays_out),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
