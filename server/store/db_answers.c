#include "store/db_answers.h"

#include <string.h>

#include "store/db_sql.h"

static void
bind_blob(sqlite3_stmt *s, int at, const void *p, int n)
{
	sqlite3_bind_blob(s, at, p, n, SQLITE_STATIC);
}

enum err
db_desk(struct db *d, const uint8_t key[static MINISIGN_PK], struct db_desk *out)
{
	sqlite3_stmt *s = NULL;
	enum err e;
	int code;

	if ((e = db_sql_prepare(d, "SELECT serial,hash FROM desks WHERE key=?1", &s)) != ERR_OK)
		return e;
	bind_blob(s, 1, key, MINISIGN_PK);
	if ((code = sqlite3_step(s)) == SQLITE_DONE) {
		e = ERR_NOTFOUND;
	} else if (code != SQLITE_ROW || sqlite3_column_bytes(s, 1) != HASH_LEN) {
		e = code == SQLITE_ROW ? ERR_FORMAT : db_sql_err(code);
	} else {
		out->serial = (uint32_t)sqlite3_column_int64(s, 0);
		memcpy(out->hash, sqlite3_column_blob(s, 1), HASH_LEN);
	}
	sqlite3_finalize(s);
	return e;
}

enum err
db_find(struct db *d, const uint8_t id[static DB_ID], struct db_item *item, bool *has_hash,
    uint8_t hash[static HASH_LEN])
{
	static const char sql[] = "SELECT i.day,i.inbox,i.epoch,i.serial,i.size,h.hash FROM items i"
				  " LEFT JOIN hashes h ON h.id=i.id WHERE i.id=?1";
	struct db_item found = {0};
	sqlite3_stmt *s = NULL;
	enum err e;
	int code;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	bind_blob(s, 1, id, DB_ID);
	if ((code = sqlite3_step(s)) != SQLITE_ROW) {
		e = code == SQLITE_DONE ? ERR_NOTFOUND : db_sql_err(code);
		goto done;
	}
	if (sqlite3_column_bytes(s, 1) > LIMIT_INBOX_NAME) {
		e = ERR_FORMAT;
		goto done;
	}
	memcpy(found.id, id, DB_ID);
	found.day = sqlite3_column_int(s, 0);
	memcpy(found.inbox, sqlite3_column_text(s, 1), (size_t)sqlite3_column_bytes(s, 1));
	found.epoch = (uint32_t)sqlite3_column_int64(s, 2);
	found.serial = (uint32_t)sqlite3_column_int64(s, 3);
	found.size = (uint64_t)sqlite3_column_int64(s, 4);
	*has_hash = sqlite3_column_bytes(s, 5) == HASH_LEN;
	if (*has_hash)
		memcpy(hash, sqlite3_column_blob(s, 5), HASH_LEN);
	*item = found;
done:
	sqlite3_finalize(s);
	return e;
}

/* ---- a bundle */

static enum err
put_desk(struct db *d, const struct db_answers *a)
{
	sqlite3_stmt *s = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, "INSERT OR REPLACE INTO desks VALUES(?1,?2,?3)", &s)) != ERR_OK)
		return e;
	bind_blob(s, 1, a->key, MINISIGN_PK);
	sqlite3_bind_int64(s, 2, a->desk.serial);
	bind_blob(s, 3, a->desk.hash, HASH_LEN);
	e = db_sql_run(s);
	sqlite3_finalize(s);
	return e;
}

static enum err
put_letters(struct db *d, const struct db_answers *a, size_t *added)
{
	static const char sql[] = "INSERT OR IGNORE INTO replies VALUES(?1,?2,?3,?4)";
	const struct db_letter *l;
	sqlite3_stmt *s = NULL;
	enum err e;
	size_t i;

	*added = 0;
	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	for (i = 0; i < a->n_letters && e == ERR_OK; i++) {
		l = &a->letters[i];
		bind_blob(s, 1, l->mailbox, HASH_LEN);
		bind_blob(s, 2, l->reply.id, DB_ID);
		sqlite3_bind_int64(s, 3, a->day);
		bind_blob(s, 4, l->reply.sealed, (int)l->reply.len);
		if ((e = db_sql_run(s)) == ERR_OK)
			*added += (size_t)sqlite3_changes(d->sql);
	}
	sqlite3_finalize(s);
	return e;
}

static enum err
put_receipts(struct db *d, const struct db_answers *a)
{
	sqlite3_stmt *s = NULL;
	enum err e;
	size_t i;

	if ((e = db_sql_prepare(d, "INSERT OR IGNORE INTO receipts VALUES(?1,?2,?3)", &s)) !=
	    ERR_OK)
		return e;
	for (i = 0; i < a->n_receipts && e == ERR_OK; i++) {
		bind_blob(s, 1, a->receipts[i], DB_ID);
		bind_blob(s, 2, a->key, MINISIGN_PK);
		sqlite3_bind_int64(s, 3, a->day);
		e = db_sql_run(s);
	}
	sqlite3_finalize(s);
	return e;
}

enum err
db_take_answers(struct db *d, const struct db_answers *a, size_t *added)
{
	size_t n = 0;
	enum err e;

	if ((e = db_sql_begin(d)) != ERR_OK)
		return e;
	if ((e = put_letters(d, a, &n)) == ERR_OK && (e = put_receipts(d, a)) == ERR_OK)
		e = put_desk(d, a);
	if ((e = db_sql_finish(d, e)) == ERR_OK)
		*added = n;
	return e;
}

/* ---- receipts */

enum err
db_each_receipt(struct db *d, db_visit_receipt *each, void *ctx)
{
	sqlite3_stmt *s = NULL;
	int code = SQLITE_DONE;
	enum err e;

	if ((e = db_sql_prepare(d, "SELECT id,key,day FROM receipts ORDER BY id,day", &s)) !=
	    ERR_OK)
		return e;
	while (e == ERR_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		if (sqlite3_column_bytes(s, 0) != DB_ID ||
		    sqlite3_column_bytes(s, 1) != MINISIGN_PK)
			e = ERR_FORMAT;
		else
			e = each(ctx, sqlite3_column_blob(s, 0), sqlite3_column_blob(s, 1),
			    sqlite3_column_int(s, 2));
	}
	sqlite3_finalize(s);
	return e != ERR_OK ? e : db_sql_err(code);
}

static enum err
remove_ids(struct db *d, const char *sql, const uint8_t (*ids)[DB_ID], size_t n)
{
	sqlite3_stmt *s = NULL;
	enum err e;
	size_t i;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	for (i = 0; i < n && e == ERR_OK; i++) {
		bind_blob(s, 1, ids[i], DB_ID);
		e = db_sql_run(s);
	}
	sqlite3_finalize(s);
	return e;
}

enum err
db_remove_items(struct db *d, const uint8_t (*ids)[DB_ID], size_t n)
{
	enum err e;

	if ((e = db_sql_begin(d)) != ERR_OK)
		return e;
	if ((e = remove_ids(d, "DELETE FROM hashes WHERE id=?1", ids, n)) == ERR_OK &&
	    (e = remove_ids(d, "DELETE FROM items WHERE id=?1", ids, n)) == ERR_OK)
		e = db_sql_exec(d, "DELETE FROM receipts WHERE id NOT IN (SELECT id FROM items)");
	return db_sql_finish(d, e);
}

/* ---- alarms */

enum err
db_raise_alarm(struct db *d, uint32_t kind, int32_t day, const uint8_t id[static DB_ID])
{
	static const char sql[] = "INSERT INTO alarms VALUES(?1,1,?2,?3) ON CONFLICT(kind) DO"
				  " UPDATE SET times=times+1,day=?2,id=?3";
	sqlite3_stmt *s = NULL;
	enum err e;

	if ((e = db_sql_prepare(d, sql, &s)) != ERR_OK)
		return e;
	sqlite3_bind_int64(s, 1, kind);
	sqlite3_bind_int64(s, 2, day);
	bind_blob(s, 3, id, DB_ID);
	e = db_sql_run(s);
	sqlite3_finalize(s);
	return e;
}

enum err
db_alarms(struct db *d, db_visit_alarm *each, void *ctx)
{
	struct db_alarm a;
	sqlite3_stmt *s = NULL;
	enum err e;
	int code;

	if ((e = db_sql_prepare(d, "SELECT kind,times,day,id FROM alarms ORDER BY kind", &s)) !=
	    ERR_OK)
		return e;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		a = (struct db_alarm){(uint32_t)sqlite3_column_int64(s, 0),
		    (uint32_t)sqlite3_column_int64(s, 1), sqlite3_column_int(s, 2), {0}};
		if (sqlite3_column_bytes(s, 3) == DB_ID)
			memcpy(a.id, sqlite3_column_blob(s, 3), DB_ID);
		each(ctx, &a);
	}
	sqlite3_finalize(s);
	return db_sql_err(code);
}

enum err
db_clear_alarms(struct db *d)
{
	return db_sql_exec(d, "DELETE FROM alarms");
}

enum err
db_forget_receipts(struct db *d)
{
	return db_sql_exec(d, "DELETE FROM receipts");
}
