#include "store/rebuild.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/io.h"
#include "base/random.h"
#include "base/text.h"

#define ITEM_EXT ".age"

/* All ids of a folder, ascending. */
struct ids {
	struct buf raw; /* DB_ID bytes each */
	size_t next;    /* the first one that the index hasn't caught up with */
};

static enum err
add_name(struct ids *ids, const char *name)
{
	uint8_t id[DB_ID];

	if (strlen(name) != RANDOM_ID_LEN + strlen(ITEM_EXT) ||
	    strcmp(name + RANDOM_ID_LEN, ITEM_EXT) != 0 ||
	    text_unhex(id, sizeof id, name, RANDOM_ID_LEN) != ERR_OK)
		return ERR_OK; /* none of ours: left alone */
	return buf_add(&ids->raw, id, sizeof id);
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, DB_ID);
}

static enum err
list_ids(int items, struct ids *ids)
{
	struct dirent *d;
	enum err e;
	DIR *dir = NULL;

	if ((e = io_open_list(items, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		e = add_name(ids, d->d_name);
	closedir(dir);
	if (e == ERR_OK && ids->raw.len > 0)
		qsort(ids->raw.p, ids->raw.len / DB_ID, DB_ID, compare_ids);
	return e;
}

struct rebuild {
	int items;
	const struct schedules *schedules;
	struct ids ids;
	struct buf rows; /* struct db_item each */
};

static enum err
add_row(struct rebuild *r, const uint8_t *id)
{
	char name[RANDOM_ID_LEN + sizeof ITEM_EXT];
	struct db_item row = {0};
	struct stat st;

	text_hex(name, id, DB_ID);
	memcpy(name + RANDOM_ID_LEN, ITEM_EXT, sizeof ITEM_EXT);
	if (fstatat(r->items, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return io_errno();
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return ERR_OK; /* not made by us: left alone */
	memcpy(row.id, id, DB_ID);
	row.day = date_day_of(st.st_mtime);
	row.size = (uint64_t)st.st_size;
	schedules_guess(r->schedules, row.day, row.inbox, &row.epoch);
	return buf_add(&r->rows, &row, sizeof row);
}

/* Files that come before this item of the index have no row. */
static enum err
visit(void *ctx, const struct db_item *item, const uint8_t *hash)
{
	struct rebuild *r = ctx;
	const uint8_t *id;
	enum err e = ERR_OK;
	int order = -1;

	(void)hash;
	while (e == ERR_OK && order < 0 && r->ids.next < r->ids.raw.len) {
		id = r->ids.raw.p + r->ids.next;
		if ((order = memcmp(id, item->id, DB_ID)) > 0)
			break;
		r->ids.next += DB_ID;
		if (order < 0)
			e = add_row(r, id);
	}
	return e;
}

enum err
rebuild_rows(int items, struct db *db, const struct schedules *schedules, uint64_t *rebuilt)
{
	struct rebuild r = {.items = items, .schedules = schedules};
	enum err e;
	size_t n;

	buf_init(&r.ids.raw, SIZE_MAX);
	buf_init(&r.rows, SIZE_MAX);
	if ((e = list_ids(items, &r.ids)) == ERR_OK)
		e = db_each(db, 0, visit, &r);
	for (; e == ERR_OK && r.ids.next < r.ids.raw.len; r.ids.next += DB_ID)
		e = add_row(&r, r.ids.raw.p + r.ids.next);
	n = r.rows.len / sizeof(struct db_item);
	if (e == ERR_OK && n > 0)
		e = db_add(db, (const struct db_item *)(const void *)r.rows.p, n);
	if (e == ERR_OK)
		*rebuilt = n;
	buf_wipe(&r.ids.raw);
	buf_wipe(&r.rows);
	return e;
}
