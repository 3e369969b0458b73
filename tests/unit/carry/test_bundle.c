#include "text_edit.h"

#include "base/limits.h"
#include "carry/bundle.h"

static const char example[] =
    "sealslot-bundle 1\n" /* 1 */
    "instance: %\n"       /* 2 */
    "serial: 7\n"         /* 3 */
    "previous: !1\n"      /* 4 */
    "made: 2026-03-05\n"  /* 5 */
    "volume: 1 of 2\n"    /* 6 */
    "count: 2\n"          /* 7 */
    "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 1048784 !2\n"
    "item: ff112233445566778899aabbccddeeff 2026-03-04 arts 1 0 !3\n" /* 9 */
    "end\n";                                                          /* 10 */

static struct bundle_index *
parse_ok(const struct buf *b)
{
	struct bundle_fault f = {0};
	struct bundle_index *i = NULL;

	if (bundle_index_parse(b->p, b->len, &i, &f) != ERR_OK)
		fail_msg("line %zu: %s", f.line, f.why);
	return i;
}

static void
assert_exact(const struct bundle_index *i, const struct buf *text)
{
	struct buf again;

	buf_init(&again, LIMIT_BUNDLE_INDEX);
	assert_ok(bundle_index_format(i, &again));
	assert_int_equal(again.len, text->len);
	assert_memory_equal(again.p, text->p, text->len);
	buf_wipe(&again);
}

static void
reads_every_field(void **state)
{
	static const char comment[] = "sealslot-bundle serial:7 instance:" TEXT_INSTANCE;
	char got[BUNDLE_COMMENT_MAX + 1];
	const struct bundle_item *item;
	struct bundle_index *i;
	uint8_t key[32];
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	i = parse_ok(&b);
	assert_exact(i, &b);
	assert_string_equal(i->head.instance, TEXT_INSTANCE);
	assert_int_equal(i->head.serial, 7);
	assert_int_equal(i->head.volume, 1);
	assert_int_equal(i->head.volumes, 2);
	text_key(key, 1);
	assert_memory_equal(i->head.previous, key, HASH_LEN);
	assert_int_equal(i->n_items, 2);
	item = bundle_index_find(i, "00112233445566778899aabbccddeeff");
	assert_ptr_equal(item, &i->items[0]);
	assert_int_equal(item->epoch, 31);
	assert_string_equal(item->inbox, "tips");
	assert_true(item->size == 1048784);
	text_key(key, 2);
	assert_memory_equal(item->hash, key, HASH_LEN);
	assert_ptr_equal(bundle_index_find(i, i->items[1].id), &i->items[1]);
	assert_null(bundle_index_find(i, "00112233445566778899aabbccddeefe"));
	assert_null(bundle_index_find(i, ""));
	assert_ok(bundle_comment(&i->head, got, sizeof got));
	assert_string_equal(got, comment);
	assert_err(bundle_comment(&i->head, got, strlen(comment)), ERR_LIMIT);
	bundle_index_free(i);
	bundle_index_free(NULL);
	buf_wipe(&b);
}

static void
says_that_it_lists_everything(void **state)
{
	static const char *const bad[] = {"inventory: complete\ninventory: complete",
	    "inventory: complete ", "inventory: part",
	    "inventory: ", "count: 2\ninventory: complete"};
	struct bundle_index *i;
	struct bundle_fault f;
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	i = parse_ok(&b);
	assert_false(i->head.is_inventory);
	i->head.is_inventory = true;
	buf_reset(&b);
	assert_ok(bundle_index_format(i, &b));
	assert_non_null(strstr(buf_cstr(&b), "\nvolume: 1 of 2\ninventory: complete\ncount: 2\n"));
	bundle_index_free(i);
	i = parse_ok(&b);
	assert_true(i->head.is_inventory);
	assert_exact(i, &b);
	bundle_index_free(i);
	for (n = 0; n < b.len; n++)
		assert_err(bundle_index_parse(b.p, n, &i, &f), ERR_FORMAT);
	for (n = 0; n < sizeof bad / sizeof *bad; n++) {
		char text[4096];
		const char *head = strstr(buf_cstr(&b), "inventory: ");

		snprintf(text, sizeof text, "%.*s%s\n%s", (int)(head - (const char *)b.p),
		    (const char *)b.p, bad[n], strstr(head, "count: "));
		f = (struct bundle_fault){0};
		assert_err(bundle_index_parse(text, strlen(text), &i, &f), ERR_FORMAT);
		assert_true(f.line >= 7);
	}
	buf_wipe(&b);
}

static void
every_bit_and_every_truncation(void **state)
{
	struct bundle_index *idx;
	struct bundle_fault f;
	size_t i, bit;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	for (i = 0; i < b.len; i++) {
		struct buf cut = {.p = b.p, .len = i};

		assert_err(bundle_index_parse(cut.p, cut.len, &idx, &f), ERR_FORMAT);
		for (bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			f = (struct bundle_fault){0};
			if (bundle_index_parse(b.p, b.len, &idx, &f) == ERR_OK) {
				assert_exact(idx, &b);
				bundle_index_free(idx);
			} else {
				assert_non_null(f.why);
			}
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	buf_wipe(&b);
}

static const struct edit {
	size_t at;
	const char *with;
	size_t line;
	const char *why;
} edits[] = {
    {1, "sealslot-bundle 2", 1, "version"},
    {1, "sealslot-keys 1", 1, "wrong place"},
    {2, "instance: x.onion", 2, "onion"},
    {3, "serial: 0", 3, "begin with 1"},
    {3, "serial: 07", 3, "not a number"},
    {3, "serial: 4294967296", 3, "too large"},
    {3, "serial: 1", 4, "first bundle"},
    {4, "previous: x", 4, "64 hex"},
    {5, "made: 2026-02-30", 5, "real day"},
    {6, "volume: 0 of 2", 6, "no such volume"},
    {6, "volume: 3 of 2", 6, "no such volume"},
    {6, "volume: 1 of 10000", 6, "too large"},
    {6, "volume: 1", 6, "volume: 1 of 1"},
    {6, "volume: 1 of 2 ", 6, "not a number"},
    {7, "count: 1", 9, "wrong place"},
    {7, "count: 3", 7, "counts more"},
    {7, "count: 200000", 7, "counts more"},
    {7, "count: 200001", 7, "too large"},
    {7, "count: 18446744073709551616", 7, "too large"},
    {8, "item: 00112233445566778899aabbccddeef 2026-03-05 tips 31 1 !2", 8, "id isn't"},
    {8, "item: 00112233445566778899AABBCCDDEEFF 2026-03-05 tips 31 1 !2", 8, "id isn't"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-13-05 tips 31 1 !2", 8, "day"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 Tips 31 1 !2", 8, "inbox"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 0 1 !2", 8, "epoch"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 137438953473 !2", 8, "size"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 137438953472 !2", 0, NULL},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 -1 !2", 8, "size"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 1 !2 ", 8, "hash"},
    {8, "item: 00112233445566778899aabbccddeeff 2026-03-05 tips 31 !2 !2", 8, "size"},
    {8, "item: ff112233445566778899aabbccddeeff 2026-03-05 tips 31 1 !2", 9, "order"},
    {8, "item: ff212233445566778899aabbccddeeff 2026-03-05 tips 31 1 !2", 9, "order"},
    {9, "end", 7, "counts more"},
    {10, "end\n", 10, "follows"},
    {10, "ends", 10, "follows"},
    {10, NULL, 10, "too early"},
    {10, "end\r", 10, "carriage return"},
};

static void
faults_name_line_and_reason(void **state)
{
	struct bundle_index *idx;
	struct bundle_fault f;
	struct buf b;
	size_t i;
	enum err e;

	(void)state;
	for (i = 0; i < sizeof edits / sizeof *edits; i++) {
		idx = NULL;
		f = (struct bundle_fault){0};
		buf_init(&b, 8192);
		text_edit(&b, example, edits[i].at, edits[i].with);
		e = bundle_index_parse(b.p, b.len, &idx, &f);
		if (edits[i].why == NULL) {
			assert_ok(e);
			bundle_index_free(idx);
		} else if (e == ERR_OK || f.line != edits[i].line ||
			   strstr(f.why, edits[i].why) == NULL) {
			fail_msg("edit %zu (line %zu): error %d, line %zu: %s", i, edits[i].at,
			    (int)e, f.line, f.why == NULL ? "" : f.why);
		}
		buf_wipe(&b);
	}
}

/* The largest index there may be, and an empty one. */
static void
sizes_from_nothing_to_the_limit(void **state)
{
	struct bundle_index all = {
	    .head = {
		.instance = TEXT_INSTANCE, .serial = 1, .made = 20000, .volume = 1, .volumes = 1}};
	struct bundle_index *again;
	struct bundle_item *item;
	struct bundle_fault f;
	struct buf b;

	(void)state;
	buf_init(&b, LIMIT_BUNDLE_INDEX + 1);
	assert_ok(bundle_index_format(&all, &b));
	again = parse_ok(&b);
	assert_int_equal(again->n_items, 0);
	assert_null(bundle_index_find(again, "00112233445566778899aabbccddeeff"));
	bundle_index_free(again);
	buf_wipe(&b);

	all.items = calloc(LIMIT_BUNDLE_ITEMS, sizeof *all.items);
	assert_non_null(all.items);
	for (; all.n_items < LIMIT_BUNDLE_ITEMS; all.n_items++) {
		item = &all.items[all.n_items];
		snprintf(item->id, sizeof item->id, "%032zx", all.n_items * 7);
		memset(item->inbox, 'i', LIMIT_INBOX_NAME);
		item->day = 2932896; /* 9999-12-31 */
		item->epoch = UINT32_MAX;
		item->size = LIMIT_BUNDLE_ITEM_SIZE;
	}
	assert_ok(bundle_index_format(&all, &b));
	assert_true(b.len < LIMIT_BUNDLE_INDEX);
	again = parse_ok(&b);
	assert_exact(again, &b);
	assert_ptr_equal(bundle_index_find(again, all.items[4711].id), &again->items[4711]);
	bundle_index_free(again);
	while (b.len <= LIMIT_BUNDLE_INDEX)
		assert_ok(buf_add(&b, "\n", 1));
	assert_err(bundle_index_parse(b.p, b.len, &again, &f), ERR_LIMIT);
	assert_int_equal(f.line, 0);
	free(all.items);
	buf_wipe(&b);
}

static void
small_buffers_fail_whole(void **state)
{
	struct bundle_index *i;
	struct buf b, out;
	size_t n;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	i = parse_ok(&b);
	for (n = 0; n < b.len; n++) {
		buf_init(&out, n);
		assert_err(bundle_index_format(i, &out), ERR_LIMIT);
		assert_int_equal(out.len, 0);
		buf_wipe(&out);
	}
	bundle_index_free(i);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_field),
	    cmocka_unit_test(says_that_it_lists_everything),
	    cmocka_unit_test(every_bit_and_every_truncation),
	    cmocka_unit_test(faults_name_line_and_reason),
	    cmocka_unit_test(sizes_from_nothing_to_the_limit),
	    cmocka_unit_test(small_buffers_fail_whole),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
