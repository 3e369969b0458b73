#include "fixture.h"

#include "base/date.h"
#include "carry/bundle.h"
#include "store/bundle_make.h"
#include "store/transfer.h"

static struct reason why;

struct rig {
	const struct fixture *f;
	struct depot d;
	struct buf list;
	bool all; /* the list is everything */
	int32_t today;
};

static void
rig_up(struct rig *r, void **state)
{
	struct db_item in[3] = {0};
	int i;

	r->f = *state;
	r->today = clock_today();
	assert_ok(depot_create(&r->f->conf, &r->f->root.public, &why));
	assert_ok(depot_open(&r->d, &r->f->conf, &r->f->root.public, &why));
	for (i = 0; i < 3; i++) {
		in[i].id[0] = (uint8_t)(9 - i);
		in[i].day = r->today - i;
		strcpy(in[i].inbox, i == 1 ? "zone" : "tips");
		in[i].epoch = 31;
		in[i].serial = 12;
		in[i].size = 1000 + (uint64_t)i;
	}
	assert_ok(db_add(r->d.db, in, 3));
	buf_init(&r->list, 1 << 20);
}

static void
rig_down(struct rig *r)
{
	buf_wipe(&r->list);
	depot_close(&r->d);
}

static struct op_export_item *
items(struct rig *r)
{
	return (struct op_export_item *)(void *)r->list.p;
}

static size_t
list(struct rig *r, int32_t since)
{
	buf_reset(&r->list);
	assert_ok(bundle_make_list(&r->d, since, INT32_MAX, &r->list, &r->all, &why));
	return r->list.len / sizeof(struct op_export_item);
}

/* As the verb does, from the files. */
static void
hash_all(struct rig *r)
{
	size_t i, n = r->list.len / sizeof(struct op_export_item);

	for (i = 0; i < n; i++) {
		items(r)[i].has_hash = 1;
		memset(items(r)[i].hash, items(r)[i].id[1], HASH_LEN);
	}
}

static enum err
sign_volume(struct rig *r, uint32_t volume, uint32_t volumes, struct bundle_signed *out)
{
	struct bundle_volume v = {volume, volumes, r->today, r->all};

	return bundle_make_sign(&r->d, &r->list, &v, out, &why);
}

static struct bundle_index *
parse(struct rig *r, const struct bundle_signed *s)
{
	char comment[BUNDLE_COMMENT_MAX + 1];
	struct bundle_index *b = NULL;
	struct bundle_fault fault;
	struct minisign_sig sig;
	struct sign_key key;
	size_t text_len = s->text.len - s->sig_len;

	assert_ok(bundle_index_parse(s->text.p, text_len, &b, &fault));
	assert_ok(bundle_comment(&b->head, comment, sizeof comment));
	assert_ok(minisign_sig_parse(&sig, s->text.p + text_len, s->sig_len));
	assert_ok(transfer_read(r->d.folder.root, &key));
	assert_ok(minisign_verify(&key.public, &sig, s->text.p, text_len, comment));
	sign_key_wipe(&key);
	return b;
}

static void
the_index_is_what_import_reads(void **state)
{
	struct bundle_signed one, two;
	struct bundle_index *b;
	struct rig r;

	rig_up(&r, state);
	assert_int_equal(list(&r, 0), 3);
	assert_string_equal(items(&r)[0].id, "07000000000000000000000000000000");
	assert_int_equal(items(&r)[0].has_hash, 0);
	hash_all(&r);
	assert_ok(sign_volume(&r, 1, 2, &one));
	b = parse(&r, &one);
	assert_string_equal(b->head.instance, FIXTURE_ONION);
	assert_int_equal(b->head.serial, 1);
	assert_int_equal(b->head.made, r.today);
	assert_int_equal(b->head.volume, 1);
	assert_int_equal(b->head.volumes, 2);
	assert_true(b->head.is_inventory);
	assert_int_equal(b->n_items, 3);
	assert_string_equal(b->items[1].inbox, "zone");
	assert_int_equal(b->items[2].size, 1000);
	assert_memory_equal(b->items[2].hash, items(&r)[2].hash, HASH_LEN);
	bundle_index_free(b);
	assert_ok(sign_volume(&r, 2, 2, &two));
	b = parse(&r, &two);
	assert_int_equal(b->head.volume, 2);
	assert_int_equal(b->head.serial, 1);
	bundle_index_free(b);
	bundle_signed_wipe(&two);

	/* The next one follows the first volume, once that is counted. */
	assert_err(bundle_make_count(&r.d, 2, one.hash, &why), ERR_STATE);
	assert_ok(bundle_make_count(&r.d, 1, one.hash, &why));
	assert_ok(sign_volume(&r, 1, 1, &two));
	b = parse(&r, &two);
	assert_int_equal(b->head.serial, 2);
	assert_memory_equal(b->head.previous, one.hash, HASH_LEN);
	bundle_index_free(b);
	bundle_signed_wipe(&one);
	bundle_signed_wipe(&two);
	rig_down(&r);
}

static void
gone(void *ctx, const uint8_t id[static DB_ID])
{
	(void)ctx;
	assert_int_equal(id[0], 7);
}

/* Between the list and its volumes an upload may come, and what is due may go. */
static void
what_happens_meanwhile(void **state)
{
	bool is_more;
	struct db_item later = {
	    .id = {0x55}, .inbox = "tips", .epoch = 31, .serial = 12, .size = 1};
	struct bundle_signed one, two, none;
	struct bundle_index *b;
	struct rig r;

	rig_up(&r, state);
	later.day = r.today;
	list(&r, 0);
	hash_all(&r);
	r.today--; /* the list is of yesterday, and midnight came before the first volume */
	assert_ok(sign_volume(&r, 1, 2, &one));
	assert_ok(db_add(r.d.db, &later, 1));
	assert_ok(sign_volume(&r, 2, 2, &two));
	b = parse(&r, &one);
	assert_true(b->head.is_inventory);
	bundle_index_free(b);
	b = parse(&r, &two);
	assert_true(b->head.is_inventory); /* one bundle, one word */
	assert_int_equal(b->head.made, r.today);
	r.today++;
	assert_int_equal(b->n_items, 3);
	bundle_index_free(b);
	bundle_signed_wipe(&one);
	bundle_signed_wipe(&two);

	list(&r, 0);
	hash_all(&r);
	assert_ok(db_expire(r.d.db, r.today - 1, gone, NULL, &is_more));
	assert_err(sign_volume(&r, 1, 1, &none), ERR_NOTFOUND);
	assert_non_null(strstr(why.text, "export again"));
	assert_null(strstr(why.text, "check"));
	rig_down(&r);
}

static void
an_empty_bundle_is_a_bundle(void **state)
{
	struct bundle_signed s;
	struct bundle_index *b;
	struct rig r;

	rig_up(&r, state);
	assert_int_equal(list(&r, r.today + 1), 0);
	assert_ok(sign_volume(&r, 1, 1, &s));
	b = parse(&r, &s);
	assert_int_equal(b->n_items, 0);
	assert_false(b->head.is_inventory); /* the store has older ones */
	bundle_index_free(b);
	bundle_signed_wipe(&s);
	assert_int_equal(list(&r, r.today), 1);
	assert_int_equal(list(&r, r.today - 1), 2);
	rig_down(&r);
}

static void
more_than_one_list_takes_comes_in_parts(void **state)
{
	struct rig r;

	rig_up(&r, state);
	buf_wipe(&r.list);
	buf_init(&r.list, 2 * sizeof(struct op_export_item));
	assert_err(bundle_make_list(&r.d, 0, INT32_MAX, &r.list, &r.all, &why), ERR_LIMIT);
	buf_reset(&r.list);
	assert_ok(bundle_make_list(&r.d, 0, r.today - 1, &r.list, &r.all, &why));
	assert_int_equal(r.list.len, 2 * sizeof(struct op_export_item));
	buf_reset(&r.list);
	assert_ok(bundle_make_list(&r.d, r.today, INT32_MAX, &r.list, &r.all, &why));
	assert_int_equal(r.list.len, sizeof(struct op_export_item));
	rig_down(&r);
}

/* retire believes the day of a complete list. */
static void
a_list_under_a_clock_that_jumped_is_not_complete(void **state)
{
	struct bundle_signed s = {0};
	struct bundle_index *b;
	struct rig r;

	rig_up(&r, state);
	r.d.state.seen = r.today - LIMIT_CLOCK_JUMP_DAYS - 1;
	assert_int_equal(list(&r, 0), 3);
	hash_all(&r);
	assert_ok(sign_volume(&r, 1, 1, &s));
	b = parse(&r, &s);
	assert_int_equal(b->n_items, 3);
	assert_false(b->head.is_inventory);
	bundle_index_free(b);
	bundle_signed_wipe(&s);
	rig_down(&r);
}

/* The day that isn't over must not tell what an export had seen of it. */
static void
hashes_are_remembered_of_days_that_are_over(void **state)
{
	struct bundle_signed s;
	struct rig r;
	size_t i;

	rig_up(&r, state);
	list(&r, 0);
	hash_all(&r);
	assert_ok(sign_volume(&r, 1, 1, &s));
	bundle_signed_wipe(&s);
	assert_int_equal(list(&r, 0), 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(items(&r)[i].has_hash, items(&r)[i].day < r.today);

	/* A file that hashes differently now was changed. */
	hash_all(&r);
	items(&r)[0].hash[0] ^= 1;
	assert_err(sign_volume(&r, 1, 1, &s), ERR_PROFILE);
	rig_down(&r);
}

static void
a_list_that_isnt_the_stores_is_refused(void **state)
{
	struct bundle_signed s;
	struct rig r;

	rig_up(&r, state);
	list(&r, 0);
	assert_err(sign_volume(&r, 1, 1, &s), ERR_PROFILE); /* no hashes */
	hash_all(&r);
	items(&r)[1].size++;
	assert_err(sign_volume(&r, 1, 1, &s), ERR_PROFILE);
	items(&r)[1].size--;
	items(&r)[1].day++;
	assert_err(sign_volume(&r, 1, 1, &s), ERR_PROFILE);
	items(&r)[1].day--;
	items(&r)[1].id[5] = '9'; /* no such item */
	assert_err(sign_volume(&r, 1, 1, &s), ERR_NOTFOUND);
	items(&r)[1].id[5] = '0';
	r.list.len--;
	assert_err(sign_volume(&r, 1, 1, &s), ERR_PROFILE);
	r.list.len++;
	assert_err(sign_volume(&r, 0, 1, &s), ERR_USAGE);
	assert_err(sign_volume(&r, 3, 2, &s), ERR_USAGE);
	assert_err(sign_volume(&r, 1, LIMIT_BUNDLE_VOLUMES + 1, &s), ERR_USAGE);
	assert_ok(sign_volume(&r, 1, 1, &s));
	bundle_signed_wipe(&s);
	rig_down(&r);
}

static void
the_transfer_key_is_private_and_whole(void **state)
{
	const struct fixture *f = *state;
	struct sign_key one, two;
	int root = -1, fd;

	assert_ok(io_open_dir(AT_FDCWD, f->dir, &root));
	assert_err(transfer_read(root, &one), ERR_NOTFOUND);
	assert_ok(transfer_create(root));
	assert_ok(transfer_read(root, &one));
	assert_ok(transfer_read(root, &two));
	assert_memory_equal(&one, &two, sizeof one);
	assert_int_equal(fchmodat(root, TRANSFER_KEY, 0640, 0), 0);
	assert_err(transfer_read(root, &two), ERR_MODE);
	assert_int_equal(fchmodat(root, TRANSFER_KEY, 0600, 0), 0);
	fd = openat(root, TRANSFER_KEY, O_WRONLY);
	assert_int_equal(ftruncate(fd, 44), 0);
	close(fd);
	assert_err(transfer_read(root, &two), ERR_FORMAT);
	sign_key_wipe(&one);
	sign_key_wipe(&two);
	io_close(&root);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(the_index_is_what_import_reads),
	    WITH(what_happens_meanwhile),
	    WITH(an_empty_bundle_is_a_bundle),
	    WITH(more_than_one_list_takes_comes_in_parts),
	    WITH(a_list_under_a_clock_that_jumped_is_not_complete),
	    WITH(hashes_are_remembered_of_days_that_are_over),
	    WITH(a_list_that_isnt_the_stores_is_refused),
	    WITH(the_transfer_key_is_private_and_whole),
	};

	return cmocka_run_group_tests_name("store bundle_make", tests, NULL, NULL);
}
