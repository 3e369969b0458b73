#include "fixture.h"

#include "store/db.h"
#include "store/db_care.h"
#include "store/db_replies.h"
#include "store/db_sql.h"

enum { ROWS = 60, SEALED = 9000 };

/* What the file has of a row, whatever SQLite says. */
static size_t
found_in(const struct fixture *f, const char *name, const void *marker, size_t n)
{
	struct buf raw;
	const uint8_t *at;
	size_t count = 0, left;
	char path[128];

	snprintf(path, sizeof path, "%s/%s", f->dir, name);
	buf_init(&raw, 64 * LIMIT_MIB);
	assert_ok(io_read_file(AT_FDCWD, path, &raw));
	for (at = raw.p, left = raw.len; left >= n && (at = memmem(at, left, marker, n)) != NULL;
	     count++) {
		at += n;
		left = raw.len - (size_t)(at - raw.p);
	}
	buf_wipe(&raw);
	return count;
}

static struct db *
fresh(const struct fixture *f)
{
	struct db *d = NULL;
	char path[128];

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	assert_ok(db_create(path));
	assert_ok(db_open(path, &d));
	return d;
}

static void
a_connection_overwrites_and_syncs(void **state)
{
	const struct {
		const char *ask;
		int64_t says;
	} all[] = {
	    {"PRAGMA secure_delete", 1},
	    {"PRAGMA synchronous", 2},
	    {"PRAGMA temp_store", 2},
	    {"PRAGMA trusted_schema", 0},
	    {"PRAGMA mmap_size", 0},
	    {"SELECT journal_mode='truncate' FROM pragma_journal_mode", 1},
	};
	struct db *d = fresh(*state);
	int64_t says;
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		says = 0;
		assert_ok(db_sql_number(d, all[i].ask, &says));
		if (says != all[i].says)
			fail_msg("%s: %lld", all[i].ask, (long long)says);
	}
	db_close(d);
}

/* Every item's id, hash and every reply's text begin with the same marker. */
static void
fill(struct db *d, const uint8_t marker[static 8])
{
	static uint8_t sealed[SEALED];
	struct db_item item = {.day = 100, .inbox = "tips", .epoch = 1, .serial = 1, .size = 1000};
	struct db_reply reply = {.day = 100, .sealed = sealed, .len = sizeof sealed};
	uint8_t mailbox[HASH_LEN];
	struct db_hash hash;
	int i;

	for (i = 0; i < ROWS; i++) {
		memset(item.id, i, sizeof item.id);
		memcpy(item.id, marker, 8);
		assert_ok(db_add(d, &item, 1));
		memcpy(hash.id, item.id, sizeof hash.id);
		harness_fill(hash.hash, sizeof hash.hash, (uint32_t)i);
		memcpy(hash.hash, marker, 8);
		assert_ok(db_put_hashes(d, &hash, 1));
		harness_fill(mailbox, sizeof mailbox, (uint32_t)i % 3);
		harness_fill(sealed, sizeof sealed, 1000 + (uint32_t)i);
		/* At its start, and where it goes on on another page. */
		memcpy(sealed, marker, 8);
		memcpy(sealed + SEALED - 8, marker, 8);
		memcpy(reply.id, item.id, sizeof reply.id);
		assert_ok(db_replies_add(d, mailbox, &reply));
	}
}

static void
gone(void *ctx, const uint8_t id[static DB_ID])
{
	(void)id;
	++*(int *)ctx;
}

static void
a_deleted_row_leaves_no_byte(void **state)
{
	static const uint8_t marker[8] = {0xf7, 0x31, 0xe2, 0x5b, 0x99, 0x04, 0xc8, 0x6d};
	struct fixture *f = *state;
	struct db *d = fresh(f);
	bool is_more;
	int expired = 0;

	fill(d, marker);
	assert_true(found_in(f, "index.db", marker, sizeof marker) >= 5 * ROWS);
	assert_ok(db_expire(d, 101, gone, &expired, &is_more));
	assert_int_equal(expired, ROWS);
	assert_ok(db_replies_expire(d, 101));
	assert_int_equal(found_in(f, "index.db", marker, sizeof marker), 0);
	/* Emptied, not only declared to be over. */
	assert_int_equal(found_in(f, "index.db-journal", "", 1), 0);
	assert_int_equal(found_in(f, "index.db-journal", marker, sizeof marker), 0);
	db_close(d);
	assert_int_equal(found_in(f, "index.db", marker, sizeof marker), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_connection_overwrites_and_syncs, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		a_deleted_row_leaves_no_byte, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests_name("store db traces", tests, NULL, NULL);
}
