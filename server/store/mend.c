#include "store/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "carry/minisign.h"
#include "store/db_care.h"
#include "store/rebuild.h"
#include "store/settle_sweep.h"
#include "store/transfer.h"

#define NAME_LEN  (RANDOM_ID_LEN + sizeof ".damaged")
#define KEPT_MAX  99 /* damaged indexes that are kept */
#define INDEX_LEN (sizeof FOLDER_INDEX ".damaged-99-journal")

/* ---- what the store can tell */

/* Does the public half belong to the secret one? */
static bool
is_transfer_good(int root)
{
	struct minisign_key public;
	struct sign_key k;
	struct buf text;
	bool is_good;

	buf_init(&text, LIMIT_KEY_FILE);
	is_good = io_read_file(root, TRANSFER_PUB, &text) == ERR_OK &&
		  minisign_key_parse_file(&public, text.p, text.len) == ERR_OK &&
		  transfer_read(root, &k) == ERR_OK;
	if (is_good) {
		is_good = memcmp(&k.public, &public, sizeof public) == 0;
		sign_key_wipe(&k);
	}
	buf_wipe(&text);
	return is_good;
}

void
mend_look(struct depot *d, struct op_check_is *out)
{
	enum err e = d->index_fault;

	if (e == ERR_OK || d->care == DEPOT_REPAIR) {
		pthread_mutex_lock(&d->db_lock);
		/* Uploads wait for the answer of a store at work. */
		e = d->care == DEPOT_WORK ? db_quick_integrity(d->db) : db_integrity(d->db);
		pthread_mutex_unlock(&d->db_lock);
	}
	*out = (struct op_check_is){.index = (uint32_t)e,
	    .index_was = (uint32_t)d->index_fault,
	    .rebuilt = d->rebuilt,
	    .is_transfer_good = is_transfer_good(d->folder.root)};
}

/* ---- items */

static void
file_name(char out[static NAME_LEN], const char *id, const char *extension)
{
	snprintf(out, NAME_LEN, "%s%s", id, extension);
}

static enum err
set_aside(int items, const char *id)
{
	char name[NAME_LEN], aside[NAME_LEN];

	file_name(name, id, ".age");
	file_name(aside, id, ".damaged");
	if (renameat2(items, name, items, aside, RENAME_NOREPLACE) == -1)
		return io_errno();
	return ERR_OK;
}

static enum err
close_mode(int items, const char *id)
{
	char name[NAME_LEN];
	enum err e = ERR_OK;
	int fd = -1;

	file_name(name, id, ".age");
	if ((e = io_open_file(items, name, &fd)) == ERR_OK && fchmod(fd, 0400) == -1)
		e = io_errno();
	io_close(&fd);
	return e;
}

static enum err
mend_one(struct depot *d, const struct op_mend *m, struct buf *forget)
{
	uint8_t id[DB_ID];
	enum err e;

	if (m->id[RANDOM_ID_LEN] != '\0' ||
	    (e = text_unhex(id, sizeof id, m->id, strlen(m->id))) != ERR_OK)
		return ERR_FORMAT;
	if (m->what > MEND_MODE)
		return ERR_FORMAT;
	if (m->what == MEND_MODE)
		return close_mode(d->folder.items, m->id);
	if (m->what == MEND_ASIDE && (e = set_aside(d->folder.items, m->id)) != ERR_OK)
		return e;
	return buf_add(forget, id, sizeof id);
}

enum err
mend_items(struct depot *d, const struct buf *list, struct reason *why)
{
	const struct op_mend *m = (const struct op_mend *)(const void *)list->p;
	size_t i, n = list->len / sizeof *m;
	struct buf forget;
	enum err e = ERR_OK;

	if (d->care != DEPOT_REPAIR || list->len % sizeof *m != 0)
		return reason_set(why, ERR_STATE, "The store wasn't opened to be repaired.");
	buf_init(&forget, SIZE_MAX);
	for (i = 0; i < n && e == ERR_OK; i++)
		if ((e = mend_one(d, &m[i], &forget)) != ERR_OK)
			reason_sys(why, e, "Can't mend submission %.32s", m[i].id);
	if (e == ERR_OK && (e = io_sync(d->folder.items)) != ERR_OK)
		reason_sys(why, e, "Can't write the folder of submissions");
	pthread_mutex_lock(&d->db_lock);
	if (e == ERR_OK && (e = db_forget(d->db, forget.p, forget.len / DB_ID)) != ERR_OK)
		reason_sys(why, e, "Can't mend the index");
	pthread_mutex_unlock(&d->db_lock);
	buf_wipe(&forget);
	return e;
}

/* ---- the index */

/* Its journal goes with it: by their names they belong together. */
static enum err
keep_damaged(struct depot *d, char name[static INDEX_LEN], struct reason *why)
{
	char journal[INDEX_LEN];
	int i, root = d->folder.root;

	for (i = 1; i <= KEPT_MAX; i++) {
		snprintf(name, INDEX_LEN, FOLDER_INDEX ".damaged-%d", i);
		snprintf(journal, sizeof journal, FOLDER_INDEX ".damaged-%d-journal", i);
		if (faccessat(root, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (renameat(root, FOLDER_JOURNAL, root, journal) == -1 && errno != ENOENT)
			break;
		if (renameat(root, FOLDER_INDEX, root, name) == -1)
			break;
		return io_sync(root);
	}
	return reason_sys(why, i > KEPT_MAX ? ERR_EXISTS : io_errno(),
	    "Can't set the damaged index aside in %s", d->conf->store_path);
}

static enum err
make_anew(struct depot *d, struct reason *why)
{
	char damaged[INDEX_LEN] = "";
	enum err e;

	if (d->index_fault == ERR_FORMAT && (e = keep_damaged(d, damaged, why)) != ERR_OK)
		return e;
	if ((e = db_create(FOLDER_INDEX)) != ERR_OK ||
	    (e = db_open(FOLDER_INDEX, &d->db)) != ERR_OK ||
	    (damaged[0] != '\0' && (e = db_salvage(d->db, damaged)) != ERR_OK))
		return reason_sys(why, e, "Can't make the index anew");
	return ERR_OK;
}

enum err
mend_open_index(struct depot *d, struct reason *why)
{
	enum err e;

	if ((e = db_open(FOLDER_INDEX, &d->db)) == ERR_OK && d->care == DEPOT_REPAIR &&
	    (e = db_integrity(d->db)) != ERR_OK) {
		db_close(d->db);
		d->db = NULL;
	}
	if (e == ERR_FORMAT || e == ERR_NOTFOUND) {
		d->index_fault = e;
		if (d->care == DEPOT_REPAIR)
			e = make_anew(d, why);
		else if ((e = db_open_nothing(&d->db)) != ERR_OK)
			reason_sys(why, e, "Can't look at the store");
		if (e != ERR_OK)
			return e;
	}
	if (e != ERR_OK || d->care != DEPOT_REPAIR)
		return e;
	if ((e = settle_sweep(d->folder.items)) != ERR_OK)
		return reason_sys(why, e, "Can't remove a copy that was left over");
	if ((e = rebuild_rows(d->folder.items, d->db, &d->schedules, &d->rebuilt)) != ERR_OK)
		reason_sys(why, e, "Can't compare the index with the files");
	return e;
}
