#ifndef SEALSLOT_STORE_DB_SQL_H
#define SEALSLOT_STORE_DB_SQL_H

#include <sqlite3.h>

#include "store/db.h"

/* What the files db*.c share among themselves: the only ones that know SQLite. */
#define DB_TEXT_OF(x)  #x
#define DB_VALUE_OF(x) DB_TEXT_OF(x)

struct db {
	sqlite3 *sql;
	sqlite3_stmt *add, *totals, *each, *page, *put_hash, *begin, *commit, *rollback;
	sqlite3_stmt *expired, *expire_hashes, *expire;
	sqlite3_stmt *add_reply, *replies, *remove_reply, *expire_replies;
};

enum err db_sql_err(int code);
/* Runs statements that give no rows. */
enum err MUST_CHECK db_exec(struct db *d, const char *sql);
/* The one integer that a statement gives. */
enum err MUST_CHECK db_ask_number(struct db *d, const char *sql, int64_t *out);

/* Is it an index of ours, of this version or an older one? ERR_PROFILE, ERR_ROLLBACK as db_open. */
enum err MUST_CHECK db_schema_check(struct db *d);
/* From its version, 0 when it is empty, to this program's, in one transaction. */
enum err MUST_CHECK db_schema_upgrade(struct db *d);
/* Has it the tables and indexes of a new one, word for word, and nothing else, such as a trigger?
 * ERR_PROFILE. */
enum err MUST_CHECK db_schema_compare(struct db *d);

#endif
