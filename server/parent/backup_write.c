#include "parent/backup_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "carry/bundle.h"
#include "carry/schedule_name.h"
#include "parent/backup_index.h"

#define SMALL_MAX (2 * LIMIT_GIB) /* bytes of all but the submissions */

void
backup_write_wipe(struct backup_write *b)
{
	export_files_close(&b->files);
	buf_wipe(&b->list);
	buf_wipe(&b->small);
	buf_wipe(&b->heads);
}

/* ---- what is small */

static enum err
add_small(struct backup_write *b, const char *name, const struct buf *content, struct reason *why)
{
	struct backup_file f = {.day = clock_today(), .size = content->len};

	snprintf(f.name, sizeof f.name, "%s", name);
	hash_256(f.hash, content->p, content->len);
	if (buf_add(&b->small, content->p, content->len) != ERR_OK ||
	    buf_add(&b->heads, &f, sizeof f) != ERR_OK)
		return reason_set(why, ERR_NOMEM, "No memory for the backup of %s.", name);
	return ERR_OK;
}

/* A file of the admin's. */
static enum err
add_file(struct backup_write *b, const char *path, const char *name, struct reason *why)
{
	struct buf content;
	enum err e;

	buf_init(&content, LIMIT_SCHEDULE);
	if ((e = io_read_file(AT_FDCWD, path, &content)) != ERR_OK)
		reason_sys(why, e, "Can't read %s", path);
	else
		e = add_small(b, name, &content, why);
	buf_wipe(&content);
	return e;
}

/* One of the store's: nobody else's file is carried, though root may read it. */
static enum err
add_own_file(
    struct backup_write *b, int dirfd, const char *path, const char *name, struct reason *why)
{
	struct buf content;
	enum err e;

	buf_init(&content, LIMIT_SCHEDULE);
	if ((e = io_read_file_of(dirfd, path, b->files.owner, &content)) != ERR_OK)
		reason_sys(why, e, "Can't read %s", path);
	else
		e = add_small(b, name, &content, why);
	buf_wipe(&content);
	return e;
}

static enum err
add_schedule(struct backup_write *b, uint32_t serial, const char *extension, struct reason *why)
{
	char name[sizeof BUNDLE_SCHEDULES + SCHEDULE_NAME_MAX] = BUNDLE_SCHEDULES;
	char *file = name + strlen(BUNDLE_SCHEDULES);

	schedule_name(file, serial, extension);
	return add_own_file(b, b->files.keys, file, name, why);
}

static enum err
add_schedules(struct backup_write *b, struct reason *why)
{
	const uint32_t *serial = (const uint32_t *)(const void *)b->files.serials.p;
	size_t i, n = b->files.serials.len / sizeof *serial;
	enum err e = ERR_OK;

	for (i = 0; i < n && e == ERR_OK; i++)
		if ((e = add_schedule(b, serial[i], SCHEDULE_NAME_TEXT, why)) == ERR_OK)
			e = add_schedule(b, serial[i], SCHEDULE_NAME_SIG, why);
	return e;
}

static enum err
add_own(struct backup_write *b, struct reason *why)
{
	int root = -1;
	enum err e;

	if ((e = io_open_dir(AT_FDCWD, b->setup->conf->store_path, &root)) != ERR_OK)
		return reason_sys(why, e, "Can't open the store");
	if ((e = add_own_file(b, root, "state", "state", why)) == ERR_OK &&
	    (e = add_own_file(b, root, "transfer.key", "transfer.key", why)) == ERR_OK &&
	    (e = add_own_file(b, root, "transfer.pub", "transfer.pub", why)) == ERR_OK &&
	    (e = add_small(b, "index.db", b->database, why)) == ERR_OK &&
	    (e = add_file(b, b->conf_path, "sealslotd.conf", why)) == ERR_OK)
		e = add_file(b, b->setup->conf->root_path, "root.pub", why);
	io_close(&root);
	return e;
}

/* ---- the list */

static enum err
add_item(struct backup_write *b, struct op_export_item *item, struct reason *why)
{
	struct backup_file f = {.day = item->day, .size = item->size};
	enum err e;

	if (!item->has_hash && (e = export_files_hash(&b->files, item, why)) != ERR_OK)
		return e;
	snprintf(f.name, sizeof f.name, "%s" BUNDLE_ITEM_EXT, item->id);
	memcpy(f.hash, item->hash, HASH_LEN);
	if ((e = backup_file_format(&f, &b->list)) != ERR_OK)
		reason_sys(why, e, "Can't make the list");
	return e;
}

static enum err
make_list(struct backup_write *b, struct reason *why)
{
	struct op_export_item *items = (struct op_export_item *)(void *)b->items->p;
	const struct backup_file *heads = (const struct backup_file *)(const void *)b->heads.p;
	size_t i, n = b->items->len / sizeof *items, small = b->heads.len / sizeof *heads;
	struct backup_head head = {.made = clock_today()};
	enum err e;

	memcpy(head.instance, b->setup->conf->instance, sizeof head.instance);
	e = backup_head_format(&head, small + n, &b->list);
	for (i = 0; i < small && e == ERR_OK; i++)
		e = backup_file_format(&heads[i], &b->list);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't make the list");
	for (i = 0; i < n && e == ERR_OK; i++)
		e = add_item(b, &items[i], why);
	if (e == ERR_OK && (e = backup_end_format(&b->list)) != ERR_OK)
		reason_sys(why, e, "Can't make the list");
	return e;
}

enum err
backup_prepare(struct backup_write *b, struct reason *why)
{
	enum err e;

	buf_init(&b->list, LIMIT_BACKUP_LIST);
	buf_init(&b->small, SMALL_MAX);
	buf_init(&b->heads, SIZE_MAX);
	if ((e = export_files_open(b->setup->conf->store_path, &b->files, why)) != ERR_OK ||
	    (e = add_own(b, why)) != ERR_OK || (e = add_schedules(b, why)) != ERR_OK)
		return e;
	return make_list(b, why);
}

/* ---- writing */

enum err
backup_write(struct backup_write *b, const struct export_out *out, struct reason *why)
{
	const struct op_export_item *items =
	    (const struct op_export_item *)(const void *)b->items->p;
	const struct backup_file *heads = (const struct backup_file *)(const void *)b->heads.p;
	size_t i, n = b->items->len / sizeof *items, small = b->heads.len / sizeof *heads;
	const uint8_t *at = b->small.p;
	enum err e;

	e = export_files_write_member(out, BACKUP_INDEX, b->list.p, b->list.len, why);
	for (i = 0; i < small && e == ERR_OK; at += heads[i++].size)
		e = export_files_write_member(out, heads[i].name, at, (size_t)heads[i].size, why);
	for (i = 0; i < n && e == ERR_OK; i++)
		e = export_files_write_item(&b->files, out, &items[i], why);
	return e == ERR_OK ? export_files_write_end(out, why) : e;
}
