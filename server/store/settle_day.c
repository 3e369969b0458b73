#include "store/settle_day.h"

#include <string.h>

#include "base/io.h"
#include "store/db_care.h"
#include "store/quota.h"
#include "store/settle_names.h"

#define SLACK LIMIT_MIB /* beside the largest item: the index, the folder */

void
settle_day_init(struct settle_day *d, struct depot *depot, const atomic_bool *is_ending)
{
	d->depot = depot;
	d->copy = (struct settle_copy){.items = depot->folder.items, .is_ending = is_ending};
	buf_init(&d->items, SIZE_MAX);
	buf_init(&d->hashes, SIZE_MAX);
}

void
settle_day_wipe(struct settle_day *d)
{
	buf_wipe(&d->items);
	buf_wipe(&d->hashes);
}

static enum err
list_item(void *ctx, const struct db_item *item)
{
	return buf_add(ctx, item, sizeof *item);
}

static struct db_item *
items_of(struct settle_day *d, size_t *n)
{
	*n = d->items.len / sizeof(struct db_item);
	return (struct db_item *)(void *)d->items.p;
}

enum err
settle_day_list(struct settle_day *d)
{
	struct db_item *items;
	size_t n;
	enum err e;

	settle_day_wipe(d);
	pthread_mutex_lock(&d->depot->db_lock);
	e = db_each_of_days(d->depot->db, d->from, d->before, list_item, &d->items);
	pthread_mutex_unlock(&d->depot->db_lock);
	items = items_of(d, &n);
	if (e == ERR_OK)
		settle_names_shuffle(items, n);
	return e;
}

/* Is there room for the largest copy? */
static enum err
check_room(struct settle_day *d)
{
	const struct db_item *items;
	uint64_t largest = 0, have = 0;
	size_t i, n;
	enum err e;

	items = items_of(d, &n);
	for (i = 0; i < n; i++)
		if (items[i].size > largest)
			largest = items[i].size;
	if ((e = quota_free(d->depot->folder.items, &have)) != ERR_OK)
		return e;
	d->need = largest + SLACK + atomic_load(&d->copy.promised);
	return have < d->need ? ERR_NOSPACE : ERR_OK;
}

enum err
settle_day_copy(struct settle_day *d)
{
	const struct db_item *items;
	struct db_hash h;
	size_t i, n;
	enum err e;

	if ((e = check_room(d)) != ERR_OK)
		return e;
	items = items_of(d, &n);
	for (i = 0; i < n && e == ERR_OK; i++) {
		e = settle_copy(&d->copy, &items[i], h.hash);
		memcpy(h.id, items[i].id, DB_ID);
		if (e == ERR_OK)
			e = buf_add(&d->hashes, &h, sizeof h);
		else if (e == ERR_NOTFOUND || e == ERR_PROFILE)
			e = ERR_OK; /* deleted meanwhile, or damaged: sealslotd check tells */
	}
	return e == ERR_OK ? io_sync(d->depot->folder.items) : e;
}

/* Nothing is deleted while the settle has the index, so no name can come back that was. */
enum err
settle_day_end(struct settle_day *d)
{
	struct db *db = d->depot->db;
	struct db_item *items;
	size_t n;
	enum err e;

	items = items_of(d, &n);
	if ((e = settle_names_mix(d->depot->folder.items, items, n)) != ERR_OK)
		return e;
	pthread_mutex_lock(&d->depot->db_lock);
	if ((e = db_put_hashes(db, (const struct db_hash *)(const void *)d->hashes.p,
		 d->hashes.len / sizeof(struct db_hash))) == ERR_OK &&
	    (e = db_vacuum(db)) == ERR_OK)
		e = db_set_mark(db, DB_MARK_SETTLED, d->before);
	pthread_mutex_unlock(&d->depot->db_lock);
	return e;
}
