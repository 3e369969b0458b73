#include "store/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "carry/schedule.h"
#include "store/db_care.h"
#include "store/db_schema.h"
#include "store/db_sql.h"

/* For read_row. */
#define WHOLE_ROWS                                                                                 \
	"SELECT i.id,i.day,i.inbox,i.epoch,i.serial,i.size,h.hash FROM items i LEFT JOIN hashes h ON h.id=i.id"
/* However many there are, they go in parts. */
#define OLDEST                                                                                     \
	"SELECT id FROM items WHERE day<?1 ORDER BY day,id LIMIT " DB_VALUE_OF(LIMIT_EXPIRE_BATCH)

static enum err
prepare(struct db *d)
{
	const struct {
		sqlite3_stmt **to;
		const char *sql;
	} all[] = {
	    {&d->begin, "BEGIN IMMEDIATE"},
	    {&d->commit, "COMMIT"},
	    {&d->rollback, "ROLLBACK"},
	    {&d->add, "INSERT INTO items VALUES(?1,?2,?3,?4,?5,?6)"},
	    {&d->totals, "SELECT count(*), coalesce(sum(size),0) FROM items"},
	    {&d->each, WHOLE_ROWS " WHERE i.day>=?1 ORDER BY i.id"},
	    {&d->page, WHOLE_ROWS " WHERE i.id>=?1 ORDER BY i.id LIMIT ?2"},
	    {&d->put_hash, "INSERT OR IGNORE INTO hashes SELECT id,?2 FROM items WHERE id=?1"},
	    {&d->expired, OLDEST},
	    {&d->expire_hashes, "DELETE FROM hashes WHERE id IN (" OLDEST ")"},
	    {&d->expire, "DELETE FROM items WHERE id IN (" OLDEST ")"},
	    {&d->add_reply, "INSERT INTO replies VALUES(?1,?2,?3,?4)"},
	    {&d->replies, "SELECT id,day,sealed FROM replies WHERE mailbox=?1"
			  " ORDER BY day DESC,id LIMIT 1+" DB_VALUE_OF(LIMIT_REPLIES)},
	    {&d->remove_reply, "DELETE FROM replies WHERE mailbox=?1 AND id=?2"},
	    {&d->expire_replies, "DELETE FROM replies WHERE day<?1"},
	};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0] && e == ERR_OK; i++)
		e = db_sql_err(sqlite3_prepare_v3(
		    d->sql, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].to, NULL));
	return e;
}

static enum err
open_with(const char *path, int flags, struct db **out)
{
	struct db *d;
	enum err e;

	if ((d = calloc(1, sizeof *d)) == NULL)
		return ERR_NOMEM;
	if ((e = db_sql_open(d, path, flags)) == ERR_OK)
		*out = d;
	else
		db_close(d);
	return e;
}

enum err
db_create(const char *path)
{
	struct db *d = NULL;
	enum err e;

	if ((e = db_sql_check_file(path, "")) != ERR_NOTFOUND)
		return e == ERR_OK ? ERR_EXISTS : e;
	if ((e = db_sql_check_file(path, "-journal")) != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if ((e = open_with(path, SQLITE_OPEN_CREATE, &d)) == ERR_OK)
		e = db_schema_upgrade(d);
	db_close(d);
	return e;
}

enum err
db_open_nothing(struct db **out)
{
	struct db *d = NULL;
	enum err e;

	if ((d = calloc(1, sizeof *d)) == NULL)
		return ERR_NOMEM;
	e = db_sql_err(sqlite3_open_v2(":memory:", &d->sql,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL));
	if (e == ERR_OK && (e = db_schema_upgrade(d)) == ERR_OK)
		e = prepare(d);
	if (e == ERR_OK)
		*out = d;
	else
		db_close(d);
	return e;
}

static enum err
compare_with_new(struct db *d)
{
	struct db *fresh = NULL;
	enum err e;

	if ((e = db_open_nothing(&fresh)) == ERR_OK)
		e = db_schema_compare(d, fresh);
	db_close(fresh);
	return e;
}

enum err
db_open(const char *path, struct db **out)
{
	struct db *d = NULL;
	enum err e;

	if ((e = db_sql_check_file(path, "")) != ERR_OK)
		return e;
	if ((e = db_sql_check_file(path, "-journal")) != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if ((e = open_with(path, 0, &d)) == ERR_OK && (e = db_schema_check(d)) == ERR_OK &&
	    (e = db_schema_upgrade(d)) == ERR_OK && (e = compare_with_new(d)) == ERR_OK)
		e = prepare(d);
	if (e == ERR_OK)
		*out = d;
	else
		db_close(d);
	return e;
}

void
db_close(struct db *d)
{
	if (d == NULL)
		return;
	sqlite3_finalize(d->begin);
	sqlite3_finalize(d->commit);
	sqlite3_finalize(d->rollback);
	sqlite3_finalize(d->add);
	sqlite3_finalize(d->totals);
	sqlite3_finalize(d->each);
	sqlite3_finalize(d->page);
	sqlite3_finalize(d->put_hash);
	sqlite3_finalize(d->expired);
	sqlite3_finalize(d->expire_hashes);
	sqlite3_finalize(d->expire);
	sqlite3_finalize(d->add_reply);
	sqlite3_finalize(d->replies);
	sqlite3_finalize(d->remove_reply);
	sqlite3_finalize(d->expire_replies);
	sqlite3_close(d->sql);
	free(d);
}

static enum err
add_one(struct db *d, const struct db_item *i)
{
	sqlite3_stmt *s = d->add;
	enum err e;

	sqlite3_bind_blob(s, 1, i->id, DB_ID, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, i->day);
	sqlite3_bind_text(s, 3, i->inbox, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, i->epoch);
	sqlite3_bind_int64(s, 5, i->serial);
	sqlite3_bind_int64(s, 6, (int64_t)i->size);
	e = db_sql_run(s);
	sqlite3_clear_bindings(s);
	return e;
}

enum err
db_add(struct db *d, const struct db_item *items, size_t n)
{
	enum err e;
	size_t i;

	if ((e = db_sql_begin(d)) != ERR_OK)
		return e;
	for (i = 0; i < n && e == ERR_OK; i++)
		e = add_one(d, &items[i]);
	return db_sql_finish(d, e);
}

enum err
db_totals(struct db *d, uint64_t *items, uint64_t *bytes)
{
	enum err e;

	if ((e = db_sql_err(sqlite3_step(d->totals))) == ERR_OK) {
		*items = (uint64_t)sqlite3_column_int64(d->totals, 0);
		*bytes = (uint64_t)sqlite3_column_int64(d->totals, 1);
	}
	sqlite3_reset(d->totals);
	return e;
}

/* A row that this program can't have written is ERR_FORMAT. */
static enum err
read_row(sqlite3_stmt *s, struct db_item *i, const uint8_t **hash)
{
	const void *id = sqlite3_column_blob(s, 0);
	const unsigned char *inbox = sqlite3_column_text(s, 2);

	*i = (struct db_item){0};
	if (id == NULL || sqlite3_column_bytes(s, 0) != DB_ID || inbox == NULL ||
	    sqlite3_column_bytes(s, 2) > LIMIT_INBOX_NAME)
		return ERR_FORMAT;
	memcpy(i->id, id, DB_ID);
	memcpy(i->inbox, inbox, (size_t)sqlite3_column_bytes(s, 2));
	i->day = sqlite3_column_int(s, 1);
	i->epoch = (uint32_t)sqlite3_column_int64(s, 3);
	i->serial = (uint32_t)sqlite3_column_int64(s, 4);
	i->size = (uint64_t)sqlite3_column_int64(s, 5);
	if (i->day < 0 || i->day > DATE_LAST_DAY || i->size > LIMIT_BUNDLE_ITEM_SIZE ||
	    !schedule_is_inbox_name(i->inbox, strlen(i->inbox)))
		return ERR_FORMAT;
	*hash = sqlite3_column_blob(s, 6);
	if (*hash != NULL && sqlite3_column_bytes(s, 6) != HASH_LEN)
		return ERR_FORMAT;
	return ERR_OK;
}

static enum err
visit_rows(sqlite3_stmt *s, db_visit *each, void *ctx)
{
	const uint8_t *hash;
	struct db_item item;
	enum err e = ERR_OK;
	int code;

	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if ((e = read_row(s, &item, &hash)) != ERR_OK ||
		    (e = each(ctx, &item, hash)) != ERR_OK)
			break;
	}
	sqlite3_reset(s);
	return e != ERR_OK ? e : db_sql_err(code);
}

enum err
db_each(struct db *d, int32_t since, db_visit *each, void *ctx)
{
	sqlite3_bind_int(d->each, 1, since);
	return visit_rows(d->each, each, ctx);
}

enum err
db_each_from(struct db *d, const uint8_t from[static DB_ID], size_t max, db_visit *each, void *ctx)
{
	enum err e;

	sqlite3_bind_blob(d->page, 1, from, DB_ID, SQLITE_STATIC);
	sqlite3_bind_int64(d->page, 2, (int64_t)max);
	e = visit_rows(d->page, each, ctx);
	sqlite3_clear_bindings(d->page);
	return e;
}

enum err
db_put_hashes(struct db *d, const struct db_hash *hashes, size_t n)
{
	enum err e;
	size_t i;

	if ((e = db_sql_begin(d)) != ERR_OK)
		return e;
	for (i = 0; i < n && e == ERR_OK; i++) {
		sqlite3_bind_blob(d->put_hash, 1, hashes[i].id, DB_ID, SQLITE_STATIC);
		sqlite3_bind_blob(d->put_hash, 2, hashes[i].hash, HASH_LEN, SQLITE_STATIC);
		e = db_sql_run(d->put_hash);
		sqlite3_clear_bindings(d->put_hash);
	}
	return db_sql_finish(d, e);
}

/* ---- the end of an item */

/* The ids, one behind the other. */
static enum err
list_expired(struct db *d, int32_t before, struct buf *ids)
{
	enum err e = ERR_OK;
	int code;

	sqlite3_bind_int64(d->expired, 1, before);
	while ((code = sqlite3_step(d->expired)) == SQLITE_ROW && e == ERR_OK)
		e = sqlite3_column_bytes(d->expired, 0) == DB_ID
			? buf_add(ids, sqlite3_column_blob(d->expired, 0), DB_ID)
			: ERR_FORMAT;
	sqlite3_reset(d->expired);
	return e != ERR_OK ? e : db_sql_err(code);
}

enum err
db_expire(struct db *d, int32_t before, db_gone *each, void *ctx, bool *is_more)
{
	struct buf ids;
	enum err e;
	size_t i;

	buf_init(&ids, (size_t)LIMIT_EXPIRE_BATCH * DB_ID);
	if ((e = list_expired(d, before, &ids)) == ERR_OK && ids.len > 0 &&
	    (e = db_sql_begin(d)) == ERR_OK) {
		sqlite3_bind_int64(d->expire_hashes, 1, before);
		sqlite3_bind_int64(d->expire, 1, before);
		if ((e = db_sql_run(d->expire_hashes)) == ERR_OK)
			e = db_sql_run(d->expire);
		e = db_sql_finish(d, e);
	}
	for (i = 0; i < ids.len && e == ERR_OK; i += DB_ID)
		each(ctx, ids.p + i);
	*is_more = ids.len == (size_t)LIMIT_EXPIRE_BATCH * DB_ID;
	buf_wipe(&ids);
	return e;
}
