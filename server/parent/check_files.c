#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "parent/check.h"
#include "wire/item_file.h"

#define WINDOW 200000 /* ids in memory at once: with more, the folder is read several times */

/* The store's own files beside the folders. admin.sock is there while a server runs. */
static const char *const own[] = {
    "index.db", "state", "transfer.key", "transfer.pub", "lock", NULL};
static const char *const others[] = {"items", "keys", "index.db-journal", "admin.sock", "spare",
    "serving", "restoring", "lost+found", NULL};

enum err
check_files_open(const struct setup *s, struct check_files *f, struct reason *why)
{
	enum err e;

	*f = (struct check_files){.root = -1, .items = -1, .owner = s->uid, .window = WINDOW};
	buf_init(&f->ids, SIZE_MAX);
	if ((e = io_open_dir(AT_FDCWD, s->conf->store_path, &f->root)) != ERR_OK ||
	    (e = io_open_dir(f->root, "items", &f->items)) != ERR_OK)
		return reason_sys(why, e, "Can't read the store in %s", s->conf->store_path);
	return ERR_OK;
}

void
check_files_close(struct check_files *f)
{
	io_close(&f->items);
	io_close(&f->root);
	buf_wipe(&f->ids);
}

static bool
is_in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* ---- owners, modes, links, names */

static enum err
check_own(const struct check_files *f, const char *name, struct check_report *r)
{
	struct stat st;

	if (fstatat(f->root, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return strcmp(name, "index.db") == 0 /* told as what it is: a lost index */
			   ? ERR_OK
			   : check_say(r, CHECK_PROBLEM, NULL,
				 "The store's file %s is missing: restore it from the backup.",
				 name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The store's %s must be a file with one name, not a link: find out who made it one.",
		    name);
	if (st.st_uid != f->owner || (st.st_mode & 077) != 0)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The store's file %s belongs to user %u with mode %03o: say chown and chmod 600, and "
		    "find out who has read it.",
		    name, st.st_uid, st.st_mode & 0777u);
	return ERR_OK;
}

/* What doesn't belong into the folder. */
static enum err
check_root_name(const char *name, struct check_report *r, size_t *same)
{
	if (name[0] == '.' && (name[1] == '\0' || strcmp(name, "..") == 0))
		return ERR_OK;
	if (is_in(own, name) || is_in(others, name))
		return ERR_OK;
	if (strncmp(name, "index.db.damaged-", strlen("index.db.damaged-")) == 0)
		return check_say(r, CHECK_NOTICE, same,
		    "%.64s was kept by a repair; it may tell the order of a day: delete it once it isn't "
		    "needed.",
		    name);
	if (strncmp(name, IO_TMP_PREFIX, strlen(IO_TMP_PREFIX)) == 0)
		return check_say(r, CHECK_NOTICE, same,
		    "%.64s is half a file that a power cut left: it can be deleted while no server runs.",
		    name);
	return check_say(
	    r, CHECK_PROBLEM, same, "%.64s in the store's folder isn't the store's.", name);
}

/* What isn't a submission, and isn't passing by either. */
static enum err
check_item_name(const char *name, struct check_report *r, size_t *same)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return ERR_OK;
	if (item_file_is_name(
		name, ITEM_FILE_COPY)) /* the settle's, for a moment, or swept at the next start */
		return ERR_OK;
	if (item_file_is_name(name, ".damaged"))
		return check_say(r, CHECK_NOTICE, same,
		    "items/%s was set aside by a repair: bring back the item from a backup, then delete it.",
		    name);
	return check_say(
	    r, CHECK_PROBLEM, same, "%.64s in the folder items isn't the store's.", name);
}

/* ---- which submissions there are */

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, CHECK_ID);
}

/* Ascending; one that changed its name while the folder was read was seen under both. */
static void
sort_ids(struct buf *ids)
{
	size_t i, kept = 0;

	if (ids->len == 0)
		return;
	qsort(ids->p, ids->len / CHECK_ID, CHECK_ID, compare_ids);
	for (i = 0; i < ids->len; i += CHECK_ID) {
		if (kept > 0 && memcmp(ids->p + kept - CHECK_ID, ids->p + i, CHECK_ID) == 0)
			continue;
		memmove(ids->p + kept, ids->p + i, CHECK_ID);
		kept += CHECK_ID;
	}
	ids->len = kept;
}

/* Keeps the first of them only, as many as the window has. */
static void
narrow(struct check_files *f)
{
	sort_ids(&f->ids);
	if (f->ids.len <= f->window * CHECK_ID)
		return;
	f->ids.len = f->window * CHECK_ID;
	f->is_end = false;
}

/* Twice as many as the window has are gathered, so that they are sorted seldom. */
static enum err
gather(struct check_files *f, const uint8_t *after, const char *name)
{
	uint8_t id[CHECK_ID];

	if (text_unhex(id, sizeof id, name, RANDOM_ID_LEN) != ERR_OK ||
	    (after != NULL && memcmp(id, after, CHECK_ID) <= 0) ||
	    (!f->is_end && memcmp(id, f->ids.p + (f->window - 1) * CHECK_ID, CHECK_ID) > 0))
		return ERR_OK;
	if (f->ids.len >= 2 * f->window * CHECK_ID)
		narrow(f);
	return buf_add(&f->ids, id, sizeof id);
}

/* Tells of strange names in r; NULL: they were told. */
static enum err
read_items(struct check_files *f, const uint8_t *after, struct check_report *r)
{
	struct dirent *d;
	DIR *dir = NULL;
	enum err e;

	buf_reset(&f->ids);
	f->is_end = true;
	if ((e = io_open_list(f->items, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		if (item_file_is_name(d->d_name, ITEM_FILE_EXT) ||
		    item_file_is_name(d->d_name, ITEM_FILE_MOVING))
			e = gather(f, after, d->d_name);
		else if (r != NULL)
			e = check_item_name(d->d_name, r, &f->n_odd);
	closedir(dir);
	narrow(f);
	return e;
}

enum err
check_files_more(struct check_files *f)
{
	uint8_t after[CHECK_ID];

	if (f->is_end)
		return ERR_NOTFOUND;
	memcpy(after, f->ids.p + f->ids.len - CHECK_ID, CHECK_ID);
	return read_items(f, after, NULL);
}

enum err
check_files_outside(struct check_files *f, struct check_report *r)
{
	struct dirent *d;
	enum err e = ERR_OK;
	DIR *dir = NULL;
	size_t i;

	for (i = 0; own[i] != NULL && e == ERR_OK; i++)
		e = check_own(f, own[i], r);
	if (e == ERR_OK && (e = io_open_list(f->root, &dir)) == ERR_OK) {
		while (e == ERR_OK && (d = readdir(dir)) != NULL)
			e = check_root_name(d->d_name, r, &f->n_odd);
		closedir(dir);
	}
	return e == ERR_OK ? read_items(f, NULL, r) : e;
}
