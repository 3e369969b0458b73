#include "fixture.h"

#include <sqlite3.h>

#include "store/db_answers.h"
#include "store/db_care.h"
#include "store/db_replies.h"

static char path[128];

static struct db_item
item(uint32_t n, int32_t day)
{
	struct db_item i = {.day = day, .inbox = "tips", .epoch = 31, .serial = 12, .size = 1000};

	harness_fill(i.id, sizeof i.id, n);
	memcpy(i.id, &n, sizeof n);
	return i;
}

static struct db *
fresh(const struct fixture *f)
{
	struct db *d = NULL;

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	assert_ok(db_create(path));
	assert_ok(db_open(path, &d));
	return d;
}

/* What is done to an index by somebody else than sealslotd. */
static void
by_hand(const char *file, const char *sql)
{
	sqlite3 *s = NULL;

	assert_int_equal(sqlite3_open(file, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(s), SQLITE_OK);
}

/* An index as the first version made it, word for word, with one item, its hash and a reply. */
static const char version_1[] =
    "PRAGMA application_id=0x5365616c; PRAGMA user_version=1;"
    "CREATE TABLE items( id BLOB PRIMARY KEY CHECK(length(id)=16), day INTEGER NOT NULL,"
    " inbox TEXT NOT NULL, epoch INTEGER NOT NULL, serial INTEGER NOT NULL,"
    " size INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE hashes( id BLOB PRIMARY KEY CHECK(length(id)=16),"
    " hash BLOB NOT NULL CHECK(length(hash)=32)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE replies( mailbox BLOB NOT NULL CHECK(length(mailbox)=32),"
    " id BLOB NOT NULL CHECK(length(id)=16), day INTEGER NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY(mailbox,id)) STRICT, WITHOUT ROWID;"
    "INSERT INTO items VALUES(x'000102030405060708090a0b0c0d0e0f',100,'tips',3,4,5000);"
    "INSERT INTO hashes VALUES(x'000102030405060708090a0b0c0d0e0f',zeroblob(32));"
    "INSERT INTO replies VALUES(zeroblob(32),x'000102030405060708090a0b0c0d0e0f',100,x'aabb');";

static enum err
count_reply(void *ctx, const struct db_reply *r)
{
	(void)r;
	++*(int *)ctx;
	return ERR_OK;
}

static int
replies_of_zero(struct db *d)
{
	static const uint8_t mailbox[HASH_LEN];
	int n = 0;

	assert_ok(db_replies_each(d, mailbox, count_reply, &n));
	return n;
}

struct days {
	int32_t last;
	int n;
};

static enum err
go_back(void *ctx, const struct db_reply *r)
{
	struct days *d = ctx;

	assert_true(r->day < d->last);
	d->last = r->day;
	d->n++;
	return ERR_OK;
}

/* Of more than a page holds the newest come, and one more that says so. */
static void
the_newest_replies_come_first(void **state)
{
	static const uint8_t mailbox[HASH_LEN], sealed[8];
	struct db_reply r = {.sealed = sealed, .len = sizeof sealed};
	const int all = LIMIT_REPLIES + 50;
	struct days days = {INT32_MAX, 0};
	struct db *d = fresh(*state);
	int i;

	for (i = 0; i < all; i++) {
		r.day = 1 + i * 7 % all;
		harness_fill(r.id, sizeof r.id, (uint32_t)i);
		assert_ok(db_replies_add(d, mailbox, &r));
	}
	assert_ok(db_replies_each(d, mailbox, go_back, &days));
	assert_int_equal(days.n, LIMIT_REPLIES + 1);
	assert_int_equal(days.last, all - LIMIT_REPLIES);
	db_close(d);
}

static void
an_older_index_is_upgraded(void **state)
{
	const struct fixture *f = *state;
	uint64_t n = 0, bytes = 0;
	struct db *d = NULL;
	int32_t day = 7;
	int i;

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	by_hand(path, version_1);
	for (i = 0; i < 2; i++) { /* the second time it is up to date */
		assert_ok(db_open(path, &d));
		assert_ok(db_totals(d, &n, &bytes));
		assert_int_equal(n, 1);
		assert_int_equal(bytes, 5000);
		assert_int_equal(replies_of_zero(d), 1);
		assert_err(db_mark(d, DB_MARK_SETTLED, &day), ERR_NOTFOUND);
		assert_ok(db_integrity(d));
		db_close(d);
	}
}

/* One transaction: what can't be finished leaves the old version, whole. */
static void
an_upgrade_that_fails_changes_nothing(void **state)
{
	const struct fixture *f = *state;
	struct db *d = NULL;

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	by_hand(path, version_1);
	by_hand(path, "CREATE TABLE marks(x)"); /* in the way of the step's last statement */
	assert_int_not_equal(db_open(path, &d), ERR_OK);
	assert_null(d);
	by_hand(
	    path, "DROP TABLE marks; CREATE INDEX items_day ON items(size); DROP INDEX items_day");
	assert_ok(db_open(path, &d));
	db_close(d);
}

static void
a_newer_index_is_refused(void **state)
{
	struct db *d = fresh(*state);

	db_close(d);
	d = NULL;
	by_hand(path, "PRAGMA user_version=1000");
	assert_err(db_open(path, &d), ERR_ROLLBACK);
	by_hand(path, "PRAGMA user_version=0");
	assert_err(db_open(path, &d), ERR_PROFILE);
	assert_null(d);
}

static enum err
sum_days(void *ctx, const struct db_item *i)
{
	*(int64_t *)ctx += i->day;
	return i->day == 103 ? ERR_LIMIT : ERR_OK;
}

static void
days_and_marks(void **state)
{
	struct db_item in[] = {item(1, 100), item(2, 101), item(3, 102), item(4, 103)};
	struct db *d = fresh(*state);
	uint64_t bytes = 7;
	int64_t sum = 0;
	int32_t day = 0;

	assert_ok(db_add(d, in, 4));
	assert_ok(db_each_of_days(d, 101, 103, sum_days, &sum));
	assert_int_equal(sum, 203);
	assert_err(db_each_of_days(d, 0, 200, sum_days, &sum), ERR_LIMIT);
	assert_ok(db_day_bytes(d, 101, &bytes));
	assert_int_equal(bytes, 1000);
	assert_ok(db_day_bytes(d, 99, &bytes));
	assert_int_equal(bytes, 0);
	assert_err(db_mark(d, DB_MARK_SETTLED, &day), ERR_NOTFOUND);
	assert_ok(db_set_mark(d, DB_MARK_SETTLED, 100));
	assert_ok(db_set_mark(d, DB_MARK_SETTLED, 101));
	assert_ok(db_mark(d, DB_MARK_SETTLED, &day));
	assert_int_equal(day, 101);
	db_close(d);
}

/* How many items come, in the file, behind one with a higher number in its id. */
static int
inversions(uint32_t n)
{
	static uint8_t raw[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC), found = 0;
	struct db_item a, b;
	ssize_t len;
	uint32_t i;

	assert_int_not_equal(fd, -1);
	assert_true((len = read(fd, raw, sizeof raw)) > 0);
	close(fd);
	for (i = 0; i + 1 < n; i++) {
		a = item(i, 0);
		b = item(i + 1, 0);
		if ((uint8_t *)memmem(raw, (size_t)len, a.id, DB_ID) >
		    (uint8_t *)memmem(raw, (size_t)len, b.id, DB_ID))
			found++;
	}
	return found;
}

/* SQLite fills a page from its end: within one, cells lie in the order in which they came, until
 * the index is written anew. */
static void
a_vacuum_forgets_the_order(void **state)
{
	static const uint32_t order[8] = {3, 0, 6, 1, 7, 5, 2, 4};
	struct db *d = fresh(*state);
	struct db_item one;
	int i, before;

	for (i = 0; i < 8; i++) {
		one = item(order[i], 100);
		assert_ok(db_add(d, &one, 1));
	}
	before = inversions(8);
	assert_int_not_equal(before, 0);
	assert_int_not_equal(before, 7);
	assert_ok(db_vacuum(d));
	/* Now by id, from the end of the page or from its start. */
	assert_true(inversions(8) == 0 || inversions(8) == 7);
	assert_ok(db_integrity(d));
	db_close(d);
}

static void
rows_are_forgotten(void **state)
{
	struct db_item in[] = {item(1, 100), item(2, 101), item(3, 102)};
	struct db *d = fresh(*state);
	uint8_t ids[2 * DB_ID];
	uint64_t n, bytes;

	assert_ok(db_add(d, in, 3));
	memcpy(ids, in[0].id, DB_ID);
	memcpy(ids + DB_ID, in[2].id, DB_ID);
	assert_ok(db_forget(d, ids, 0));
	assert_ok(db_forget(d, ids, 2));
	assert_ok(db_forget(d, ids, 2)); /* they are gone already */
	assert_ok(db_totals(d, &n, &bytes));
	assert_int_equal(n, 1);
	db_close(d);
}

static enum err
see_none(void *ctx, const struct db_item *i, const uint8_t *hash)
{
	(void)ctx;
	(void)i;
	(void)hash;
	return ERR_LIMIT;
}

static void
nothing_can_be_opened(void **state)
{
	struct db *d = NULL;
	struct db_item one = item(1, 100);

	(void)state;
	assert_ok(db_open_nothing(&d));
	assert_ok(db_each(d, 0, see_none, NULL));
	assert_ok(db_add(d, &one, 1));
	db_close(d);
}

static int64_t
ask_by_hand(const char *file, const char *sql)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *s = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(file, &s), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(s, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	assert_int_equal(sqlite3_close(s), SQLITE_OK);
	return n;
}

static void
what_can_be_read_is_salvaged(void **state)
{
	const struct fixture *f = *state;
	static const uint8_t mailbox[HASH_LEN], noise[4096];
	struct db_reply reply = {.id = {9}, .day = 100, .sealed = noise, .len = 3000};
	static struct db_item in[400];
	struct db *d = fresh(f), *new = NULL;
	struct db_hash hash = {.hash = {5}};
	uint64_t n = 0, bytes;
	char other[128];
	struct stat st;
	uint32_t i;
	int fd;

	for (i = 0; i < 400; i++)
		in[i] = item(i, 100);
	memcpy(hash.id, in[0].id, DB_ID);
	assert_ok(db_add(d, in, 400));
	assert_ok(db_put_hashes(d, &hash, 1));
	assert_ok(db_replies_add(d, mailbox, &reply));
	assert_ok(db_vacuum(d));
	db_close(d);
	by_hand(path, "INSERT INTO desks VALUES(zeroblob(32),4,zeroblob(32));"
		      "INSERT INTO receipts VALUES(zeroblob(16),zeroblob(32),100);");
	/* A page in the middle is lost: some rows are, never the others, never a wrong one. */
	assert_int_not_equal(fd = open(path, O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, noise, sizeof noise, st.st_size / 4096 / 2 * 4096), 4096);
	close(fd);
	if (db_open(path, &d) == ERR_OK) {
		assert_err(db_integrity(d), ERR_FORMAT);
		db_close(d);
	}
	snprintf(other, sizeof other, "%s/new.db", f->dir);
	assert_ok(db_create(other));
	assert_ok(db_open(other, &new));
	assert_ok(db_salvage(new, path));
	assert_ok(db_totals(new, &n, &bytes));
	assert_in_range(n, 1, 400);
	assert_int_equal(bytes, n * 1000);
	assert_ok(db_integrity(new));
	/* Not there, or no database: nothing to be had. */
	assert_ok(db_salvage(new, "/nowhere/at/all"));
	assert_ok(db_salvage(new, "/proc/self/status"));
	db_close(new);
	/* A bundle of a desk can't be played again; what was received must be said again. */
	assert_int_equal(ask_by_hand(other, "SELECT serial FROM desks"), 4);
	assert_int_equal(ask_by_hand(other, "SELECT count(*) FROM receipts"), 0);
}

/* What came with a restored backup may not do anything by itself, nor be another table. */
static void
only_our_schema_is_opened(void **state)
{
	static const struct {
		const char *plant, *remove;
	} hostile[] = {
	    {"CREATE TRIGGER t AFTER INSERT ON items BEGIN INSERT INTO receipts"
	     " VALUES(new.id,zeroblob(32),1); END",
		"DROP TRIGGER t"},
	    {"CREATE VIEW v AS SELECT 1", "DROP VIEW v"},
	    {"CREATE TABLE more(x)", "DROP TABLE more"},
	    {"CREATE INDEX i ON items(size)", "DROP INDEX i"},
	    {"DROP INDEX items_day", "CREATE INDEX items_day ON items(day)"},
	    {"ALTER TABLE marks RENAME COLUMN day TO days",
		"ALTER TABLE marks RENAME COLUMN days TO day"},
	};
	struct db *d = fresh(*state);
	size_t i;

	for (i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		db_close(d);
		d = NULL;
		by_hand(path, hostile[i].plant);
		assert_err(db_open(path, &d), ERR_PROFILE);
		assert_null(d);
		by_hand(path, hostile[i].remove);
		assert_ok(db_open(path, &d));
	}
	db_close(d);
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

static void
receipts_are_forgotten(void **state)
{
	struct db *d = fresh(*state);
	struct db_item one = item(1, 100);
	int n = 0;

	assert_ok(db_add(d, &one, 1));
	by_hand(path, "INSERT INTO receipts SELECT id,zeroblob(32),100 FROM items");
	assert_ok(db_each_receipt(d, count_receipt, &n));
	assert_int_equal(n, 1);
	assert_ok(db_forget_receipts(d));
	assert_ok(db_each_receipt(d, count_receipt, &n));
	assert_int_equal(n, 1);
	db_close(d);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(the_newest_replies_come_first),
	    WITH(an_older_index_is_upgraded),
	    WITH(an_upgrade_that_fails_changes_nothing),
	    WITH(a_newer_index_is_refused),
	    WITH(days_and_marks),
	    WITH(a_vacuum_forgets_the_order),
	    WITH(rows_are_forgotten),
	    WITH(only_our_schema_is_opened),
	    WITH(receipts_are_forgotten),
	    WITH(nothing_can_be_opened),
	    WITH(what_can_be_read_is_salvaged),
	};

	return cmocka_run_group_tests_name("store db care", tests, NULL, NULL);
}
