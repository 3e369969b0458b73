#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"
#include "store/confirm.h"
#include "store/db_answers.h"
#include "store/upload.h"

/* A walk through the receipts, ordered by submission, then by day. */
struct walk {
	struct depot *d;
	int32_t today;
	uint8_t id[DB_ID]; /* of the submission whose receipts come now */
	size_t desks;      /* of the schedule, that have sent one for it */
	int32_t last;      /* the day of the newest of these */
	bool any;
	struct buf done; /* ids that may go, one transaction's */
};

static bool
is_desk(const struct schedule *s, const uint8_t key[static MINISIGN_PK])
{
	size_t i;

	for (i = 0; i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, key, MINISIGN_PK) == 0)
			return true;
	return false;
}

/*
 * How many desks must have sent a receipt: one for each recipient of the
 * epoch. An epoch that the schedule doesn't have any more: all there are.
 */
static size_t
desks_of(const struct schedule *s, const struct db_item *item)
{
	size_t inbox, i, n = 0;

	if (schedule_find_inbox(s, item->inbox, &inbox) != ERR_OK)
		return s->n_reply_keys;
	for (i = 0; i < s->n_epochs; i++)
		n += s->epochs[i].inbox == inbox && s->epochs[i].number == item->epoch;
	return n == 0 ? s->n_reply_keys : n;
}

static bool
is_full(const struct walk *w)
{
	return w->done.len == (size_t)LIMIT_EXPIRE_BATCH * DB_ID;
}

/* The receipts of one submission are complete: are there enough, for long enough? */
static enum err
judge(struct walk *w)
{
	uint8_t hash[HASH_LEN];
	struct db_item item;
	bool has_hash;
	enum err e;

	if (!w->any || w->desks == 0 || w->last > w->today - CONFIRM_GRACE_DAYS)
		return ERR_OK;
	if ((e = db_find(w->d->db, w->id, &item, &has_hash, hash)) != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_OK : e;
	if (w->desks < desks_of(w->d->schedules.active, &item) || is_full(w))
		return ERR_OK;
	return buf_add(&w->done, w->id, DB_ID);
}

static enum err
visit(void *ctx, const uint8_t id[static DB_ID], const uint8_t key[static MINISIGN_PK], int32_t day)
{
	struct walk *w = ctx;
	enum err e;

	if (!w->any || memcmp(w->id, id, DB_ID) != 0) {
		if ((e = judge(w)) != ERR_OK)
			return e;
		memcpy(w->id, id, DB_ID);
		w->any = true;
		w->desks = 0;
		w->last = 0;
	}
	if (is_desk(w->d->schedules.active, key)) {
		w->desks++;
		if (day > w->last)
			w->last = day;
	}
	return ERR_OK;
}

static void
remove_files(const struct walk *w)
{
	char name[RANDOM_ID_LEN + 1];
	size_t i;

	for (i = 0; i < w->done.len; i += DB_ID) {
		text_hex(name, w->done.p + i, DB_ID);
		/* If it stays, its row comes back at the next start, and its receipt is asked for
		 * again. */
		(void)!upload_unlink(w->d->folder.items, name);
	}
}

enum err
confirm_expire(struct depot *d, bool *is_more)
{
	struct walk w = {.d = d, .today = clock_today()};
	void *ids;
	enum err e;

	*is_more = false;
	if (d->schedules.active == NULL)
		return ERR_OK;
	buf_init(&w.done, (size_t)LIMIT_EXPIRE_BATCH * DB_ID);
	pthread_mutex_lock(&d->db_lock);
	if ((e = db_each_receipt(d->db, visit, &w)) == ERR_OK && (e = judge(&w)) == ERR_OK) {
		ids = w.done.p;
		e = db_remove_items(d->db, ids, w.done.len / DB_ID);
	}
	pthread_mutex_unlock(&d->db_lock);
	if (e == ERR_OK && w.done.len > 0) {
		remove_files(&w);
		e = io_sync(d->folder.items);
	}
	*is_more = is_full(&w);
	buf_wipe(&w.done);
	return e;
}
