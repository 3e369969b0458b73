#include "depot_rig.h"

#include <errno.h>

#include "base/date.h"
#include "base/text.h"
#include "store/db_answers.h"
#include "store/upload.h"

/* What the index and the calendar say when a store opens, and what goes by them. */

/* Puts a row and a file of a day into the store. */
static void
put_item(struct depot *d, uint8_t first, int32_t day)
{
	struct db_item i = {.day = day, .inbox = "tips", .epoch = 1, .serial = 1, .size = 4};
	char name[80] = "";

	memset(i.id, first, sizeof i.id);
	text_hex(name, i.id, sizeof i.id);
	strcat(name, ".age");
	assert_ok(db_add(d->db, &i, 1));
	assert_ok(io_write_new(d->folder.items, name, "seal", 4, 0400));
}

static bool
has_item(const struct fixture *f, uint8_t first)
{
	uint8_t id[DB_ID];
	char name[80] = "items/";

	memset(id, first, sizeof id);
	text_hex(name + strlen(name), id, sizeof id);
	strcat(name, ".age");
	return access(in_store(f, name), F_OK) == 0;
}

static void
what_is_too_old_goes_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	int32_t today = clock_today();
	struct db_hash h = {{0}, {0}};
	struct op_status st;
	bool is_more = true;
	struct depot d;

	f->conf.retention_days = 60;
	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	put_item(&d, 1, today - 61);
	put_item(&d, 2, today - 60);
	put_item(&d, 3, today);
	memset(h.id, 1, sizeof h.id);
	assert_ok(db_put_hashes(d.db, &h, 1));
	assert_ok(depot_expire(&d, &is_more));
	assert_false(is_more);
	assert_ok(depot_status(&d, &st));
	assert_int_equal(st.items, 2);
	assert_false(has_item(f, 1));
	assert_true(has_item(f, 2) && has_item(f, 3));
	/* A clock that jumped deletes nothing. */
	d.state.seen = today - LIMIT_CLOCK_JUMP_DAYS - 1;
	put_item(&d, 4, today - 100);
	assert_err(depot_expire(&d, &is_more), ERR_CLOCK);
	assert_true(has_item(f, 4));
	depot_close(&d);
}

/* A complete file without a row, as a power cut between the two leaves it. */
static void
put_orphan(const struct fixture *f, const char *id, int32_t day)
{
	struct upload_claim claim = {.size = 77, .max_stored = 1 << 20, .day = day};
	int items = -1, fd = -1, writer = -1;
	uint8_t data[77] = {1};

	assert_ok(io_open_dir(AT_FDCWD, in_store(f, "items"), &items));
	assert_ok(upload_new(items, &fd, &writer));
	assert_ok(io_write_all(writer, data, sizeof data));
	io_close(&writer);
	assert_ok(upload_settle(fd, &claim));
	assert_ok(upload_link(fd, items, id));
	io_close(&fd);
	io_close(&items);
}

static enum err
look(void *ctx, const struct db_item *item, const uint8_t *hash)
{
	struct buf *all = ctx;

	(void)hash;
	return buf_add(all, item, sizeof *item);
}

static const struct db_item *
rows(struct depot *d, size_t *n)
{
	static struct buf all;

	buf_wipe(&all);
	buf_init(&all, 1 << 20);
	assert_ok(db_each(d->db, 0, look, &all));
	*n = all.len / sizeof(struct db_item);
	return (const struct db_item *)(const void *)all.p;
}

static void
a_file_without_a_row_gets_one(void **state)
{
	const struct fixture *f = *state;
	struct fixture_schedule s = {.serial = 1, .issued = 20000, .start = 20000, .epochs = 4};
	struct db_item known = {
	    .id = {0x80}, .day = 20001, .inbox = "tips", .epoch = 1, .serial = 1, .size = 5};
	const struct db_item *r;
	struct depot d;
	char hex[33];
	size_t n, i;

	*fixture_clock() = (20022LL - date_day_of(time(NULL))) * DATE_DAY_SEC;
	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	assert_ok(publish(&d, f, &s));
	assert_ok(db_add(d.db, &known, 1));
	depot_close(&d);
	put_orphan(f, "00000000000000000000000000000001", 20021);
	put_orphan(f, "ffffffffffffffffffffffffffffffff", 20003);
	put_orphan(f, "80000000000000000000000000000001", 20003);
	/* What isn't an item's name is left alone. */
	close(open(in_store(f, "items/README"), O_WRONLY | O_CREAT, 0400));
	close(open(
	    in_store(f, "items/0000000000000000000000000000000A.age"), O_WRONLY | O_CREAT, 0400));
	assert_int_equal(mkdir(in_store(f, "items/00000000000000000000000000000002.age"), 0700), 0);
	assert_ok(open_it(&d, f));
	assert_int_equal(d.rebuilt, 3);
	r = rows(&d, &n);
	assert_int_equal(n, 4);
	text_hex(hex, r[0].id, DB_ID);
	assert_string_equal(hex, "00000000000000000000000000000001");
	assert_int_equal(r[0].day, 20021);
	assert_int_equal(r[0].size, 77);
	assert_string_equal(r[0].inbox, "tips");
	assert_int_equal(r[0].epoch, 2);
	assert_int_equal(r[0].serial, 0);
	assert_memory_equal(&r[1], &known, sizeof known);
	depot_close(&d);
	assert_ok(open_it(&d, f));
	assert_int_equal(d.rebuilt, 0);
	depot_close(&d);

	/* The whole index is lost. */
	assert_int_equal(unlink(in_store(f, "index.db")), 0);
	assert_ok(open_it(&d, f));
	assert_int_equal(d.rebuilt, 3);
	r = rows(&d, &n);
	for (i = 0; i < n; i++)
		assert_int_equal(r[i].size, 77);
	assert_int_equal(n, 3);
	depot_close(&d);
	*fixture_clock() = 0;
}

static void
a_damaged_index_is_a_persons_decision(void **state)
{
	const struct fixture *f = *state;
	struct depot d;
	int fd;

	assert_ok(create_it(f));
	fd = open(in_store(f, "index.db"), O_WRONLY);
	assert_int_equal(pwrite(fd, "XXXXXXXXXXXXXXXXXXXXXXXX", 24, 0), 24);
	close(fd);
	assert_err(open_it(&d, f), ERR_FORMAT);
	assert_why("No submission is lost");
}

static void
the_clock_is_judged_and_remembered(void **state)
{
	const struct fixture *f = *state;
	struct fixture_schedule s = {.serial = 1, .start = 20000, .epochs = 40};
	volatile int64_t *shift = fixture_clock();
	int64_t base = (20000LL - date_day_of(time(NULL))) * DATE_DAY_SEC;
	struct op_status st;
	struct depot d;

	*shift = base;
	s.issued = 20002; /* the air-gapped machine's clock is ahead */
	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	assert_ok(depot_judge_clock(&d));
	assert_ok(publish(&d, f, &s));
	assert_err(depot_judge_clock(&d), ERR_CLOCK);
	assert_ok(depot_status(&d, &st));
	assert_false(st.is_clock_good);
	assert_ok(depot_clock_ok(&d, &why));
	assert_ok(depot_judge_clock(&d));
	*shift = base + 30LL * DATE_DAY_SEC;
	assert_ok(depot_judge_clock(&d));
	depot_close(&d);

	/* The day is remembered over a restart. */
	*shift = base + 28LL * DATE_DAY_SEC;
	assert_ok(open_it(&d, f));
	assert_int_equal(d.state.seen, 20030);
	assert_err(depot_judge_clock(&d), ERR_CLOCK);
	*shift = base + 29LL * DATE_DAY_SEC;
	assert_ok(depot_judge_clock(&d));
	assert_int_equal(d.state.seen, 20030);
	*shift = base + 61LL * DATE_DAY_SEC;
	assert_err(depot_judge_clock(&d), ERR_CLOCK);
	assert_int_equal(d.state.seen, 20030);
	assert_ok(depot_clock_ok(&d, &why));
	assert_int_equal(d.state.seen, 20061);
	assert_ok(depot_status(&d, &st));
	assert_true(st.is_clock_good);
	assert_int_equal(st.clock_oks, 2);
	depot_close(&d);
	*shift = 0;
}

static enum err
count_receipt(
    void *ctx, const uint8_t id[static DB_ID], const uint8_t key[static MINISIGN_PK], int32_t day)
{
	(void)id;
	(void)key;
	(void)day;
	++*(int *)ctx;
	return ERR_OK;
}

static int
receipts_of(struct depot *d)
{
	int n = 0;

	assert_ok(db_each_receipt(d->db, count_receipt, &n));
	return n;
}

static void
a_restored_index_brings_no_receipts(void **state)
{
	const struct fixture *f = *state;
	static const uint8_t id[1][DB_ID] = {{7}};
	const struct db_answers a = {
	    .desk = {.serial = 1}, .day = 1, .receipts = id, .n_receipts = 1};
	struct depot d;
	size_t added;

	assert_ok(create_it(f));
	assert_ok(open_it(&d, f));
	assert_ok(db_take_answers(d.db, &a, &added));
	depot_close(&d);
	assert_ok(open_it(&d, f));
	assert_int_equal(receipts_of(&d), 1);
	depot_close(&d);
	/* What a restore leaves. A look changes nothing. */
	close(open(in_store(f, "restoring"), O_WRONLY | O_CREAT, 0600));
	assert_ok(depot_open_for(&d, &f->conf, &f->root.public, DEPOT_CHECK, &why));
	depot_close(&d);
	assert_int_equal(access(in_store(f, "restoring"), F_OK), 0);
	assert_ok(open_it(&d, f));
	assert_int_equal(receipts_of(&d), 0);
	assert_int_equal(access(in_store(f, "restoring"), F_OK), -1);
	depot_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(what_is_too_old_goes_and_nothing_else),
	    WITH(a_file_without_a_row_gets_one),
	    WITH(a_damaged_index_is_a_persons_decision),
	    WITH(the_clock_is_judged_and_remembered),
	    WITH(a_restored_index_brings_no_receipts),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("store depot index", tests, NULL, NULL);
}
