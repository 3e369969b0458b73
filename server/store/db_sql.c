#include "store/db_sql.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

/* What every connection needs: deleted rows are overwritten, a commit survives a power cut. */
static const char settings[] = "PRAGMA trusted_schema=OFF;"
			       "PRAGMA secure_delete=ON;"
			       "PRAGMA journal_mode=TRUNCATE;"
			       "PRAGMA synchronous=FULL;"
			       "PRAGMA temp_store=MEMORY;"
			       "PRAGMA mmap_size=0;"
			       "PRAGMA cache_size=-512;";

enum err
db_sql_err(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return ERR_OK;
	case SQLITE_NOMEM: return ERR_NOMEM;
	case SQLITE_FULL: return ERR_NOSPACE;
	case SQLITE_CONSTRAINT: return ERR_EXISTS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH: return ERR_FORMAT;
	default: return ERR_SYS;
	}
}

enum err
db_sql_exec(struct db *d, const char *sql)
{
	return db_sql_err(sqlite3_exec(d->sql, sql, NULL, NULL, NULL));
}

enum err
db_sql_prepare(struct db *d, const char *sql, sqlite3_stmt **out)
{
	return db_sql_err(sqlite3_prepare_v2(d->sql, sql, -1, out, NULL));
}

enum err
db_sql_number(struct db *d, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, sql, &s)) == ERR_OK &&
	    (e = db_sql_err(sqlite3_step(s))) == ERR_OK)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return e;
}

enum err
db_sql_run(sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_ROW ? ERR_STATE : db_sql_err(code);
}

enum err
db_sql_begin(struct db *d)
{
	return db_sql_run(d->begin);
}

enum err
db_sql_finish(struct db *d, enum err e)
{
	if (e == ERR_OK)
		e = db_sql_run(d->commit);
	if (e != ERR_OK && !sqlite3_get_autocommit(d->sql))
		(void)!db_sql_run(
		    d->rollback); /* what isn't rolled back now is when it is opened next */
	return e;
}

/* ---- a connection */

enum err
db_sql_check_file(const char *path, const char *tail)
{
	char name[PATH_MAX];
	struct stat st;

	sqlite3_snprintf(sizeof name, name, "%s%s", path, tail);
	if (lstat(name, &st) == -1)
		return io_errno();
	return S_ISREG(st.st_mode) ? ERR_OK : ERR_MODE;
}

static enum err
check_settings(struct db *d)
{
	sqlite3_stmt *s = NULL;
	const unsigned char *mode;
	int64_t deletes = 0, syncs = 0;
	enum err e;

	if ((e = db_sql_number(d, "PRAGMA secure_delete", &deletes)) != ERR_OK ||
	    (e = db_sql_number(d, "PRAGMA synchronous", &syncs)) != ERR_OK ||
	    (e = db_sql_prepare(d, "PRAGMA journal_mode", &s)) != ERR_OK)
		return e;
	if (sqlite3_step(s) != SQLITE_ROW || (mode = sqlite3_column_text(s, 0)) == NULL ||
	    strcmp((const char *)mode, "truncate") != 0 || deletes != 1 || syncs != 2)
		e = ERR_STATE;
	sqlite3_finalize(s);
	return e;
}

/* An index that came from elsewhere may not do anything by itself. */
static enum err
forbid_code(struct db *d)
{
	enum err e;

	e = db_sql_err(sqlite3_db_config(d->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL));
	if (e == ERR_OK)
		e = db_sql_err(sqlite3_db_config(d->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL));
	return e;
}

enum err
db_sql_open(struct db *d, const char *path, int flags)
{
	enum err e;

	e = db_sql_err(sqlite3_open_v2(
	    path, &d->sql, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (e == ERR_OK)
		e = db_sql_err(sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL));
	if (e == ERR_OK && (e = forbid_code(d)) == ERR_OK &&
	    (e = db_sql_exec(d, settings)) == ERR_OK)
		e = check_settings(d);
	return e;
}
