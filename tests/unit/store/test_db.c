#include "fixture.h"

#include <sqlite3.h>

#include "base/date.h"
#include "store/db.h"
#include "store/db_care.h"

static struct db_item
item(uint8_t first, int32_t day)
{
	struct db_item i = {.day = day, .inbox = "tips", .epoch = 31, .serial = 12, .size = 1000};

	harness_fill(i.id, sizeof i.id, first);
	i.id[0] = first;
	return i;
}

static char path[128];

static struct db *
fresh(const struct fixture *f)
{
	struct db *d = NULL;

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	assert_ok(db_create(path));
	assert_ok(db_open(path, &d));
	return d;
}

/* What a walk has seen. */
struct seen {
	struct db_item items[64];
	uint8_t hashes[64][HASH_LEN];
	bool has_hash[64];
	size_t n;
	size_t stop_at;
};

static enum err
see(void *ctx, const struct db_item *i, const uint8_t *hash)
{
	struct seen *s = ctx;

	if (s->stop_at != 0 && s->n == s->stop_at)
		return ERR_LIMIT;
	s->has_hash[s->n] = hash != NULL;
	if (hash != NULL)
		memcpy(s->hashes[s->n], hash, HASH_LEN);
	s->items[s->n++] = *i;
	return ERR_OK;
}

/* Names of files and lines on terminals are made of rows. */
static void
a_row_that_nobody_wrote_is_damage(void **state)
{
	const struct db_item good = item(1, 100);
	struct db_item in[] = {good, good, good, good, good};
	struct db *d = fresh(*state);
	struct seen s = {.n = 0};
	size_t i;

	in[0].day = -1;
	in[1].day = DATE_LAST_DAY + 1;
	in[2].size = LIMIT_BUNDLE_ITEM_SIZE + 1;
	strcpy(in[3].inbox, "\x1b[2J");
	in[4].inbox[0] = '\0';
	for (i = 0; i < sizeof in / sizeof in[0]; i++) {
		assert_ok(db_add(d, &in[i], 1));
		assert_err(db_each(d, INT32_MIN, see, &s), ERR_FORMAT);
		assert_ok(db_forget(d, in[i].id, 1));
	}
	assert_int_equal(s.n, 0);
	db_close(d);
}

static void
rows_come_back_by_id(void **state)
{
	struct db_item in[] = {item(9, 100), item(1, 101), item(200, 99), item(5, 100)};
	struct db *d = fresh(*state);
	struct seen s = {.n = 0};
	uint64_t n = 7, bytes = 7;

	in[1].size = LIMIT_BUNDLE_ITEM_SIZE;
	strcpy(in[2].inbox, "abcdefghijklmnopqrstuvwx");
	in[2].epoch = UINT32_MAX;
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 0);
	assert_int_equal(bytes, 0);
	assert_ok(db_add(d, in, 4));
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 4);
	assert_int_equal(bytes, LIMIT_BUNDLE_ITEM_SIZE + 3000);
	assert_ok(db_each(d, 0, see, &s));
	assert_int_equal(s.n, 4);
	assert_memory_equal(&s.items[0], &in[1], sizeof in[1]);
	assert_memory_equal(&s.items[1], &in[3], sizeof in[1]);
	assert_memory_equal(&s.items[2], &in[0], sizeof in[1]);
	assert_memory_equal(&s.items[3], &in[2], sizeof in[1]);
	s.n = 0;
	assert_ok(db_each(d, 100, see, &s));
	assert_int_equal(s.n, 3);
	s.n = 0;
	s.stop_at = 2;
	assert_err(db_each(d, 0, see, &s), ERR_LIMIT);
	db_close(d);

	/* And after a restart. */
	assert_ok(db_open(path, &d));
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 4);
	db_close(d);
}

static void
a_batch_is_all_or_nothing(void **state)
{
	struct db_item in[] = {item(1, 100), item(2, 100), item(1, 100)};
	struct db *d = fresh(*state);
	uint64_t n, bytes;

	assert_err(db_add(d, in, 3), ERR_EXISTS);
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 0);
	assert_ok(db_add(d, in, 2));
	assert_err(db_add(d, in + 2, 1), ERR_EXISTS);
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 2);
	assert_ok(db_add(d, in, 0));
	db_close(d);
}

static void
hashes_are_kept_for_items_alone(void **state)
{
	struct db_item in[] = {item(1, 100), item(2, 100)};
	struct db *d = fresh(*state);
	struct db_hash h[3] = {0};
	struct seen s = {.n = 0};

	assert_ok(db_add(d, in, 2));
	memcpy(h[0].id, in[1].id, DB_ID);
	memset(h[0].hash, 7, HASH_LEN);
	memset(h[1].id, 0xee, DB_ID); /* no such item */
	h[2] = h[0];
	memset(h[2].hash, 8, HASH_LEN); /* known already */
	assert_ok(db_put_hashes(d, h, 3));
	assert_ok(db_each(d, 0, see, &s));
	assert_int_equal(s.n, 2);
	assert_false(s.has_hash[0]);
	assert_true(s.has_hash[1]);
	assert_memory_equal(s.hashes[1], h[0].hash, HASH_LEN);
	db_close(d);
}

static void
only_an_index_of_ours_is_opened(void **state)
{
	const struct fixture *f = *state;
	struct db *d = NULL;
	char other[128];
	int fd;

	snprintf(other, sizeof other, "%s/other", f->dir);
	assert_err(db_open(other, &d), ERR_NOTFOUND);
	db_close(fresh(f));
	assert_err(db_create(path), ERR_EXISTS);
	fd = open(other, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_err(db_open(other, &d), ERR_PROFILE); /* empty */
	assert_int_equal(write(fd, "not a database at all, but long enough to be read", 49), 49);
	close(fd);
	assert_err(db_open(other, &d), ERR_FORMAT);
	assert_null(d);
}

/* Nothing that a disk can do to the file does harm to the process. */
static void
damage_is_an_error(void **state)
{
	struct db_item in[40];
	struct db *d = fresh(*state);
	struct seen s;
	uint64_t n, bytes;
	off_t size, at;
	uint8_t byte;
	int i, fd;

	for (i = 0; i < 40; i++)
		in[i] = item((uint8_t)i, 100);
	assert_ok(db_add(d, in, 40));
	db_close(d);
	fd = open(path, O_RDWR);
	size = lseek(fd, 0, SEEK_END);
	assert_true(size > 4096);
	for (at = 0; at < size; at += at < 200 ? 1 : 37) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0xff;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		if (db_open(path, &d) == ERR_OK) {
			memset(&s, 0, sizeof s);
			if (db_totals(d, &n, &bytes) == ERR_OK && n <= 40)
				(void)!db_each(d, 0, see, &s);
			db_close(d);
		}
		byte ^= 0xff;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_ok(db_open(path, &d));
	db_close(d);
	close(fd);
}

static void
a_full_disk_adds_nothing(void **state)
{
	struct fixture *f = *state;
	struct db_item many[3000];
	uint64_t n, bytes;
	struct db *d;
	int i;

	fixture_own_mounts();
	assert_int_equal(mount("none", f->dir, "tmpfs", 0, "size=128k,mode=700"), 0);
	d = fresh(f);
	for (i = 0; i < 3000; i++) {
		many[i] = item((uint8_t)i, 100);
		memcpy(many[i].id + 4, &i, sizeof i);
	}
	assert_err(db_add(d, many, 3000), ERR_NOSPACE);
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 0);
	assert_ok(db_add(d, many, 10));
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 10);
	db_close(d);
	assert_int_equal(umount(f->dir), 0);
}

static void
count_gone(void *ctx, const uint8_t id[static DB_ID])
{
	size_t *n = ctx;

	(void)id;
	++*n;
}

/* Rows as the store would have added them, without the time that this takes. */
static void
add_many(unsigned n, int32_t day)
{
	sqlite3 *sql = NULL;
	char text[300];

	snprintf(text, sizeof text,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%u)"
	    " INSERT INTO items SELECT randomblob(16),%d,'tips',31,12,1000 FROM n",
	    n, (int)day);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sql);
}

static void
many_expire_in_parts(void **state)
{
	struct db *d = fresh(*state);
	uint64_t n, bytes;
	size_t gone = 0, parts = 0;
	bool is_more = true;

	add_many(LIMIT_BUNDLE_ITEMS + 1, 100);
	add_many(7, 101);
	for (; is_more; parts++) {
		assert_ok(db_expire(d, 101, count_gone, &gone, &is_more));
		assert_true(gone <= (parts + 1) * LIMIT_EXPIRE_BATCH);
	}
	assert_int_equal(gone, LIMIT_BUNDLE_ITEMS + 1);
	assert_int_equal(parts, LIMIT_BUNDLE_ITEMS / LIMIT_EXPIRE_BATCH + 1);
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 7);
	db_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_row_that_nobody_wrote_is_damage, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		rows_come_back_by_id, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		a_batch_is_all_or_nothing, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		hashes_are_kept_for_items_alone, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		only_an_index_of_ours_is_opened, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(damage_is_an_error, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		a_full_disk_adds_nothing, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		many_expire_in_parts, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests_name("store db", tests, NULL, NULL);
}
