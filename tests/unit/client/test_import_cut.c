#include "import_rig.h"

/* A bundle that was cut off, or changed, on its way. */

/*
 * Cut off at every byte, one after the other into the same vault: after each,
 * exactly what was whole is there, the rest is named, and nothing is lost of what was there before.
 */
static void
truncated_at_any_byte(void **state)
{
	struct scene *s = *state;
	size_t n, i, there, head;
	enum err e;

	make_small(s);
	/* transfer.pub is the last of what must be whole. */
	head = (size_t)((uint8_t *)memmem(s->tar.p, s->tar.len, BUNDLE_SCHEDULES, 5) - s->tar.p);
	for (n = 0; n < s->tar.len; n++) {
		e = import_part(s, n);
		if (e != ERR_OK) {
			assert_err(e, ERR_TRUNCATED);
			assert_true(n <= head);
			assert_int_equal(s->desk.v->catalog.n_items, 0);
			continue;
		}
		assert_true(n > head - TAR_BLOCK);
		assert_true(s->report.is_cut);
		assert_int_equal(s->notes.n[IMPORT_ENDED], 1);
		for (i = 0, there = 0; i < s->bundle.n; i++) {
			assert_int_equal(has_file(s, i), n >= end_of(s, i));
			there += n >= end_of(s, i);
		}
		assert_int_equal(s->notes.n[IMPORT_MISSING], s->bundle.n - there);
		assert_int_equal(s->report.missing, s->bundle.n - there);
		assert_int_equal(s->desk.v->catalog.n_items, s->bundle.n);
		assert_false(s->desk.v->catalog.bundles[0].is_whole);
	}
	assert_ok(import_whole(s));
	assert_false(s->report.is_cut);
	assert_true(s->desk.v->catalog.bundles[0].is_whole);
	assert_int_equal(s->desk.v->catalog.n_alarms, 0);
}

/* The same into a fresh vault each time, at fewer places. */
static void
truncated_in_a_fresh_vault(void **state)
{
	struct scene *s = *state;
	size_t n, i;

	make_small(s);
	for (n = 0; n < s->tar.len; n += 509) {
		fresh_desk(s, 1);
		if (import_part(s, n) == ERR_OK)
			for (i = 0; i < s->bundle.n; i++)
				assert_int_equal(has_file(s, i), n >= end_of(s, i));
		assert_ok(import_whole(s));
		assert_int_equal(s->report.had + s->report.added, s->bundle.n);
	}
}

/* One changed byte anywhere: what is not as listed stays out, or nothing comes in at all. */
static void
changed_at_any_byte(void **state)
{
	struct scene *s = *state;
	size_t n, i;
	enum err e;
	int fd;

	make_small(s);
	for (n = 0; n < s->tar.len; n += n % 512 < 160 ? 13 : 37) {
		fresh_desk(s, 1);
		s->tar.p[n] ^= 1;
		e = import_whole(s);
		s->tar.p[n] ^= 1;
		if (e != ERR_OK)
			assert_int_equal(s->desk.v->catalog.n_items, 0);
		for (i = 0; i < s->bundle.n; i++) {
			if (!has_file(s, i))
				continue;
			assert_ok(vault_open_item(s->desk.v, s->bundle.items[i].row.id, &fd));
			assert_int_equal(lseek(fd, 0, SEEK_END), s->bundle.items[i].sealed.len);
			close(fd);
		}
		/* The whole bundle afterwards heals everything but the pin of a forged key. */
		if (e == ERR_OK)
			assert_ok(import_whole(s));
	}
}

static void
a_damaged_item_stays_out(void **state)
{
	struct scene *s = *state;

	make_small(s);
	s->tar.p[end_of(s, 1) - 1] ^= 1;
	assert_ok(import_whole(s));
	assert_int_equal(s->notes.n[IMPORT_DAMAGED], 1);
	assert_string_equal(s->notes.last, s->bundle.items[2].row.id); /* which can't be opened */
	assert_int_equal(s->report.missing, 1);
	assert_false(has_file(s, 1));
	assert_true(has_file(s, 0) && has_file(s, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(truncated_at_any_byte),
	    SCENE_TEST(truncated_in_a_fresh_vault),
	    SCENE_TEST(changed_at_any_byte),
	    SCENE_TEST(a_damaged_item_stays_out),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
