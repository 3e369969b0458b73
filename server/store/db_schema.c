#include "store/db_schema.h"

#include <string.h>

#include "store/db_sql.h"

#define APPLICATION_ID 0x5365616c /* "Seal" */

/*
 * The schema, and how it became what it is: step n leads from version n to n + 1 (PRAGMA
 * user_version). A new index takes all of them. A step that is in anybody's store never changes.
 */
static const char *const steps[] = {
    /* 1: submissions, their hashes, sealed replies */
    "PRAGMA application_id=" DB_VALUE_OF(
	APPLICATION_ID) ";"
			"CREATE TABLE items("
			" id BLOB PRIMARY KEY CHECK(length(id)=16),"
			" day INTEGER NOT NULL,"
			" inbox TEXT NOT NULL,"
			" epoch INTEGER NOT NULL,"
			" serial INTEGER NOT NULL,"
			" size INTEGER NOT NULL"
			") STRICT, WITHOUT ROWID;"
			"CREATE TABLE hashes("
			" id BLOB PRIMARY KEY CHECK(length(id)=16),"
			" hash BLOB NOT NULL CHECK(length(hash)=32)"
			") STRICT, WITHOUT ROWID;"
			"CREATE TABLE replies("
			" mailbox BLOB NOT NULL CHECK(length(mailbox)=32),"
			" id BLOB NOT NULL CHECK(length(id)=16),"
			" day INTEGER NOT NULL,"
			" sealed BLOB NOT NULL,"
			" PRIMARY KEY(mailbox,id)"
			") STRICT, WITHOUT ROWID;",
    /* 2: retention and settle find a day without a walk; days that the store remembers */
    "CREATE INDEX items_day ON items(day);"
    "CREATE INDEX replies_day ON replies(day);"
    "CREATE TABLE marks("
    " name TEXT PRIMARY KEY,"
    " day INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    /* 3: answers from the desks: their last bundles, receipts, what status must tell */
    "CREATE TABLE desks("
    " key BLOB PRIMARY KEY CHECK(length(key)=32),"
    " serial INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK(length(hash)=32)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE receipts("
    " id BLOB NOT NULL CHECK(length(id)=16),"
    " key BLOB NOT NULL CHECK(length(key)=32),"
    " day INTEGER NOT NULL,"
    " PRIMARY KEY(id,key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE alarms("
    " kind INTEGER PRIMARY KEY,"
    " times INTEGER NOT NULL,"
    " day INTEGER NOT NULL,"
    " id BLOB NOT NULL CHECK(length(id)=16)"
    ") STRICT;",
};
#define VERSION ((int)(sizeof steps / sizeof steps[0]))

static enum err
read_version(struct db *d, int64_t *application, int64_t *version)
{
	enum err e;

	if ((e = db_sql_number(d, "PRAGMA application_id", application)) != ERR_OK)
		return e;
	return db_sql_number(d, "PRAGMA user_version", version);
}

enum err
db_schema_check(struct db *d)
{
	int64_t application = 0, version = 0;
	enum err e;

	if ((e = read_version(d, &application, &version)) != ERR_OK)
		return e;
	if (application != APPLICATION_ID || version < 1)
		return ERR_PROFILE;
	return version <= VERSION ? ERR_OK : ERR_ROLLBACK;
}

static enum err
take_steps(struct db *d, int64_t from)
{
	char version[48];
	enum err e = ERR_OK;

	for (; from < VERSION && e == ERR_OK; from++)
		e = db_sql_exec(d, steps[from]);
	sqlite3_snprintf(sizeof version, version, "PRAGMA user_version=%d", VERSION);
	return e == ERR_OK ? db_sql_exec(d, version) : e;
}

enum err
db_schema_upgrade(struct db *d)
{
	int64_t application, version = 0;
	enum err e;

	if ((e = read_version(d, &application, &version)) != ERR_OK || version >= VERSION)
		return e;
	if ((e = db_sql_exec(d, "BEGIN IMMEDIATE")) != ERR_OK)
		return e;
	if ((e = take_steps(d, version)) == ERR_OK)
		e = db_sql_exec(d, "COMMIT");
	if (e != ERR_OK && !sqlite3_get_autocommit(d->sql))
		(void)!db_sql_exec(
		    d, "ROLLBACK"); /* what isn't rolled back now is when it is opened next */
	return e;
}

static bool
is_same_text(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	const void *x = sqlite3_column_text(a, column), *y = sqlite3_column_text(b, column);
	int n = sqlite3_column_bytes(a, column);

	if (x == NULL || y == NULL)
		return x == y;
	return n == sqlite3_column_bytes(b, column) && memcmp(x, y, (size_t)n) == 0;
}

/* Walks through both at once. */
static enum err
compare_rows(sqlite3_stmt *a, sqlite3_stmt *b)
{
	int x, y, i;

	for (;;) {
		x = sqlite3_step(a);
		y = sqlite3_step(b);
		if (x != SQLITE_ROW && x != SQLITE_DONE)
			return db_sql_err(x);
		if (x != y)
			return ERR_PROFILE;
		if (x == SQLITE_DONE)
			return ERR_OK;
		for (i = 0; i < sqlite3_column_count(a); i++)
			if (!is_same_text(a, b, i))
				return ERR_PROFILE;
	}
}

enum err
db_schema_compare(struct db *d, struct db *fresh)
{
	static const char sql[] =
	    "SELECT type,name,tbl_name,sql FROM sqlite_schema ORDER BY type,name";
	sqlite3_stmt *a = NULL, *b = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, sql, &a)) == ERR_OK &&
	    (e = db_sql_prepare(fresh, sql, &b)) == ERR_OK)
		e = compare_rows(a, b);
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return e;
}
