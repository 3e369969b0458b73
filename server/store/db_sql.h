#ifndef SEALSLOT_STORE_DB_SQL_H
#define SEALSLOT_STORE_DB_SQL_H

#include <sqlite3.h>

#include "store/db.h"

/*
 * What the files db*.c share among themselves, the only ones that know SQLite:
 * a connection as every index needs it, its statements, its transactions.
 */
#define DB_TEXT_OF(x)  #x
#define DB_VALUE_OF(x) DB_TEXT_OF(x)

struct db {
	sqlite3 *sql;
	sqlite3_stmt *add, *totals, *each, *page, *put_hash, *begin, *commit, *rollback;
	sqlite3_stmt *expired, *expire_hashes, *expire;
	sqlite3_stmt *add_reply, *replies, *remove_reply, *expire_replies;
};

/* What SQLite returned, as db.h says it. A row, and the end of rows, are ERR_OK. */
enum err db_sql_err(int code);

/* Is path with this tail a file? SQLite would open a FIFO, and wait; or follow a link.
 * ERR_NOTFOUND, ERR_MODE. */
enum err MUST_CHECK db_sql_check_file(const char *path, const char *tail);
/* Opens d->sql, with every setting as it must be, or ERR_STATE. The caller closes it, on failure,
 * too. */
enum err MUST_CHECK db_sql_open(struct db *d, const char *path, int flags);

/* Runs statements that give no rows. */
enum err MUST_CHECK db_sql_exec(struct db *d, const char *sql);
/* The one integer that a statement gives. */
enum err MUST_CHECK db_sql_number(struct db *d, const char *sql, int64_t *out);
/* A statement for once: the caller finalizes it. */
enum err MUST_CHECK db_sql_prepare(struct db *d, const char *sql, sqlite3_stmt **out);
/* Runs a statement that gives no rows, and makes it ready for the next time. */
enum err MUST_CHECK db_sql_run(sqlite3_stmt *s);
/* A transaction of an index that is open; begun, it must be finished with what became of its
 * statements: all of it, or nothing. */
enum err MUST_CHECK db_sql_begin(struct db *d);
enum err MUST_CHECK db_sql_finish(struct db *d, enum err e);

#endif
