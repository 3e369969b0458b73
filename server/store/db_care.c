#include "store/db_care.h"

#include <string.h>

#include "base/date.h"
#include "store/db_sql.h"

/* Runs a statement that gives no rows, and ends it. */
static enum err
run_once(sqlite3_stmt *s)
{
	enum err e = db_sql_run(s);

	sqlite3_finalize(s);
	return e;
}

/* ---- settling */

enum err
db_each_of_days(struct db *d, int32_t from, int32_t before, db_visit_day *each, void *ctx)
{
	static const char sql[] = "SELECT id,day,size FROM items WHERE day>=?1 AND day<?2";
	struct db_item item = {0};
	sqlite3_stmt *s = NULL;
	int code = SQLITE_DONE;
	enum err e;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	sqlite3_bind_int(s, 1, from);
	sqlite3_bind_int(s, 2, before);
	while (e == ERR_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		if (sqlite3_column_bytes(s, 0) != DB_ID) {
			e = ERR_FORMAT;
			break;
		}
		memcpy(item.id, sqlite3_column_blob(s, 0), DB_ID);
		item.day = sqlite3_column_int(s, 1);
		item.size = (uint64_t)sqlite3_column_int64(s, 2);
		e = each(ctx, &item);
	}
	sqlite3_finalize(s);
	return e != ERR_OK ? e : db_sql_err(code);
}

enum err
db_day_bytes(struct db *d, int32_t day, uint64_t *bytes)
{
	sqlite3_stmt *s = NULL;
	int code;
	enum err e;

	if ((e = db_sql_prepare(d, "SELECT coalesce(sum(size),0) FROM items WHERE day=?1", &s)) !=
	    ERR_OK)
		return e;
	sqlite3_bind_int(s, 1, day);
	if ((code = sqlite3_step(s)) == SQLITE_ROW)
		*bytes = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return db_sql_err(code);
}

enum err
db_mark(struct db *d, const char *name, int32_t *day)
{
	sqlite3_stmt *s = NULL;
	int code;
	enum err e;

	if ((e = db_sql_prepare(d, "SELECT day FROM marks WHERE name=?1", &s)) != ERR_OK)
		return e;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if ((code = sqlite3_step(s)) == SQLITE_ROW)
		*day = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? ERR_NOTFOUND : db_sql_err(code);
}

enum err
db_set_mark(struct db *d, const char *name, int32_t day)
{
	sqlite3_stmt *s = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, "INSERT OR REPLACE INTO marks VALUES(?1,?2)", &s)) != ERR_OK)
		return e;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 2, day);
	return run_once(s);
}

enum err
db_vacuum(struct db *d)
{
	return db_sql_exec(d, "VACUUM");
}

/* ---- checking and mending */

static enum err
ask_integrity(struct db *d, const char *sql)
{
	const unsigned char *text;
	sqlite3_stmt *s = NULL;
	enum err e;
	int code;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	if ((code = sqlite3_step(s)) != SQLITE_ROW)
		e = db_sql_err(code);
	else if ((text = sqlite3_column_text(s, 0)) == NULL ||
		 strcmp((const char *)text, "ok") != 0)
		e = ERR_FORMAT;
	sqlite3_finalize(s);
	return e;
}

enum err
db_integrity(struct db *d)
{
	return ask_integrity(d, "PRAGMA integrity_check(1)");
}

enum err
db_quick_integrity(struct db *d)
{
	return ask_integrity(d, "PRAGMA quick_check(1)");
}

static enum err
forget_one(struct db *d, const char *sql, const uint8_t id[static DB_ID])
{
	sqlite3_stmt *s = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	sqlite3_bind_blob(s, 1, id, DB_ID, SQLITE_STATIC);
	return run_once(s);
}

enum err
db_forget(struct db *d, const uint8_t *ids, size_t n)
{
	enum err e;
	size_t i;

	if ((e = db_sql_begin(d)) != ERR_OK)
		return e;
	for (i = 0; i < n && e == ERR_OK; i++)
		if ((e = forget_one(d, "DELETE FROM hashes WHERE id=?1", ids + i * DB_ID)) ==
		    ERR_OK)
			e = forget_one(d, "DELETE FROM items WHERE id=?1", ids + i * DB_ID);
	return db_sql_finish(d, e);
}

/* Copies rows until the damage; n columns, of which the new index checks each. */
static void
salvage_table(struct db *d, sqlite3 *from, const char *select, const char *insert)
{
	sqlite3_stmt *in = NULL, *out = NULL;
	int i;

	if (sqlite3_prepare_v2(from, select, -1, &out, NULL) == SQLITE_OK &&
	    db_sql_prepare(d, insert, &in) == ERR_OK)
		while (sqlite3_step(out) == SQLITE_ROW) {
			for (i = 0; i < sqlite3_column_count(out); i++)
				sqlite3_bind_value(in, i + 1, sqlite3_column_value(out, i));
			(void)!sqlite3_step(in); /* one that is refused is a damaged one */
			sqlite3_reset(in);
		}
	sqlite3_finalize(in);
	sqlite3_finalize(out);
}

/* But no receipts: from a damaged page nothing may follow that lets a submission go. */
enum err
db_salvage(struct db *d, const char *damaged)
{
	static const struct {
		const char *select, *insert;
	} tables[] = {
	    {"SELECT id,day,inbox,epoch,serial,size FROM items"
	     " WHERE day BETWEEN 0 AND " DB_VALUE_OF(
		 DATE_LAST_DAY) " AND size>=0"
				" AND inbox NOT GLOB '*[^a-z0-9-]*' AND length(inbox) BETWEEN 1 AND " DB_VALUE_OF(
				    LIMIT_INBOX_NAME),
		"INSERT OR IGNORE INTO items VALUES(?1,?2,?3,?4,?5,?6)"},
	    {"SELECT id,hash FROM hashes", "INSERT OR IGNORE INTO hashes VALUES(?1,?2)"},
	    {"SELECT mailbox,id,day,sealed FROM replies",
		"INSERT OR IGNORE INTO replies VALUES(?1,?2,?3,?4)"},
	    {"SELECT key,serial,hash FROM desks", "INSERT OR IGNORE INTO desks VALUES(?1,?2,?3)"},
	    {"SELECT kind,times,day,id FROM alarms",
		"INSERT OR IGNORE INTO alarms VALUES(?1,?2,?3,?4)"},
	};
	sqlite3 *from = NULL;
	enum err e = ERR_OK;
	size_t i;

	if (sqlite3_open_v2(damaged, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
		SQLITE_OK &&
	    (e = db_sql_begin(d)) == ERR_OK) {
		for (i = 0; i < sizeof tables / sizeof tables[0]; i++)
			salvage_table(d, from, tables[i].select, tables[i].insert);
		e = db_sql_finish(d, ERR_OK);
	}
	sqlite3_close(from);
	return e;
}

/* ---- a copy of it */

static enum err
copy_to(struct db *d, sqlite3 *to)
{
	sqlite3_backup *b;
	int code;

	if ((b = sqlite3_backup_init(to, "main", d->sql, "main")) == NULL)
		return db_sql_err(sqlite3_errcode(to));
	code = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	return db_sql_err(code);
}

enum err
db_snapshot(struct db *d, struct buf *out)
{
	unsigned char *p = NULL;
	sqlite3 *copy = NULL;
	sqlite3_int64 n = 0;
	enum err e;

	/* What a large index needs beside it must be in memory, too: the sandbox has no place for
	 * it. */
	if ((e = db_sql_err(sqlite3_open(":memory:", &copy))) == ERR_OK &&
	    (e = copy_to(d, copy)) == ERR_OK &&
	    (e = db_sql_err(sqlite3_exec(
		 copy, "PRAGMA temp_store=MEMORY; VACUUM", NULL, NULL, NULL))) == ERR_OK &&
	    (p = sqlite3_serialize(copy, "main", &n, 0)) == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = buf_add(out, p, (size_t)n);
	sqlite3_free(p);
	sqlite3_close(copy);
	return e;
}
