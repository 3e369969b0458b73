#include "store/db_replies.h"

#include <string.h>

#include "store/db_sql.h"

enum err
db_replies_add(struct db *d, const uint8_t mailbox[static HASH_LEN], const struct db_reply *r)
{
	sqlite3_stmt *s = d->add_reply;
	enum err e;

	sqlite3_bind_blob(s, 1, mailbox, HASH_LEN, SQLITE_STATIC);
	sqlite3_bind_blob(s, 2, r->id, DB_ID, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, r->day);
	sqlite3_bind_blob64(s, 4, r->sealed, r->len, SQLITE_STATIC);
	e = db_sql_run(s);
	sqlite3_clear_bindings(s);
	return e;
}

static enum err
read_reply(sqlite3_stmt *s, struct db_reply *r)
{
	const void *id = sqlite3_column_blob(s, 0);

	if (id == NULL || sqlite3_column_bytes(s, 0) != DB_ID)
		return ERR_FORMAT;
	memcpy(r->id, id, DB_ID);
	r->day = sqlite3_column_int(s, 1);
	r->sealed = sqlite3_column_blob(s, 2);
	r->len = (size_t)sqlite3_column_bytes(s, 2);
	return r->sealed == NULL || r->len > LIMIT_REPLY ? ERR_FORMAT : ERR_OK;
}

enum err
db_replies_each(
    struct db *d, const uint8_t mailbox[static HASH_LEN], db_replies_visit *each, void *ctx)
{
	struct db_reply r;
	enum err e = ERR_OK;
	int code;

	sqlite3_bind_blob(d->replies, 1, mailbox, HASH_LEN, SQLITE_STATIC);
	while ((code = sqlite3_step(d->replies)) == SQLITE_ROW)
		if ((e = read_reply(d->replies, &r)) != ERR_OK || (e = each(ctx, &r)) != ERR_OK)
			break;
	sqlite3_reset(d->replies);
	sqlite3_clear_bindings(d->replies);
	return e != ERR_OK ? e : db_sql_err(code);
}

enum err
db_replies_remove(
    struct db *d, const uint8_t mailbox[static HASH_LEN], const uint8_t id[static DB_ID])
{
	enum err e;

	sqlite3_bind_blob(d->remove_reply, 1, mailbox, HASH_LEN, SQLITE_STATIC);
	sqlite3_bind_blob(d->remove_reply, 2, id, DB_ID, SQLITE_STATIC);
	e = db_sql_run(d->remove_reply);
	sqlite3_clear_bindings(d->remove_reply);
	return e;
}

enum err
db_replies_expire(struct db *d, int32_t before)
{
	sqlite3_bind_int64(d->expire_replies, 1, before);
	return db_sql_run(d->expire_replies);
}
