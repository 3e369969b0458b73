#include "parent/export_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "carry/bundle.h"
#include "carry/schedule_name.h"
#include "carry/tar.h"
#include "parent/export_plan.h"
#include "wire/item_file.h"

#define COPY_BYTES (256 * 1024)

/* ---- what there is */

static int
compare_serials(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static enum err
list_serials(struct export_files *f)
{
	struct dirent *d;
	enum err e;
	uint32_t serial;
	DIR *dir = NULL;

	if ((e = io_open_list(f->keys, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		if ((serial = schedule_name_serial(d->d_name)) != 0)
			e = buf_add(&f->serials, &serial, sizeof serial);
	closedir(dir);
	if (e == ERR_OK && f->serials.len > 0)
		qsort(f->serials.p, f->serials.len / sizeof serial, sizeof serial, compare_serials);
	return e;
}

static size_t
serials_n(const struct export_files *f)
{
	return f->serials.len / sizeof(uint32_t);
}

static uint32_t
serial_at(const struct export_files *f, size_t i)
{
	return ((const uint32_t *)(const void *)f->serials.p)[i];
}

/* Archive bytes of one file of the keys folder. */
static enum err
add_key_len(struct export_files *f, uint32_t serial, const char *extension)
{
	char name[SCHEDULE_NAME_MAX];
	struct stat st;

	schedule_name(name, serial, extension);
	if (fstatat(f->keys, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return io_errno();
	f->keys_len += export_plan_member((uint64_t)st.st_size);
	return ERR_OK;
}

static enum err
measure_keys(struct export_files *f)
{
	enum err e = ERR_OK;
	size_t i;

	f->keys_len = export_plan_member(f->transfer.len);
	for (i = 0; i < serials_n(f) && e == ERR_OK; i++)
		if ((e = add_key_len(f, serial_at(f, i), SCHEDULE_NAME_TEXT)) == ERR_OK)
			e = add_key_len(f, serial_at(f, i), SCHEDULE_NAME_SIG);
	return e;
}

enum err
export_files_open(const char *store_path, struct export_files *f, struct reason *why)
{
	struct stat st = {0};
	int root = -1;
	enum err e;

	*f = (struct export_files){.items = -1, .keys = -1};
	buf_init(&f->transfer, LIMIT_KEY_FILE);
	buf_init(&f->serials, SIZE_MAX);
	if ((f->block = malloc(COPY_BYTES)) == NULL)
		return reason_sys(why, ERR_NOMEM, "Can't read the store");
	if ((e = io_open_dir(AT_FDCWD, store_path, &root)) == ERR_OK && fstat(root, &st) == -1)
		e = ERR_SYS;
	f->owner = st.st_uid;
	if (e != ERR_OK || (e = io_open_dir(root, "items", &f->items)) != ERR_OK ||
	    (e = io_open_dir(root, "keys", &f->keys)) != ERR_OK ||
	    (e = io_read_file_of(root, BUNDLE_TRANSFER, f->owner, &f->transfer)) != ERR_OK ||
	    (e = list_serials(f)) != ERR_OK || (e = measure_keys(f)) != ERR_OK) {
		reason_sys(why, e, "Can't read the store in %s", store_path);
		export_files_close(f);
	}
	io_close(&root);
	return e;
}

void
export_files_close(struct export_files *f)
{
	io_close(&f->items);
	io_close(&f->keys);
	buf_wipe(&f->transfer);
	buf_wipe(&f->serials);
	free(f->block);
	f->block = NULL;
}

/* ---- items */

static enum err
open_item(
    const struct export_files *f, const struct op_export_item *item, int *fd, struct reason *why)
{
	struct stat st;
	enum err e;

	if ((e = item_file_open(f->items, item->id, fd)) == ERR_NOTFOUND)
		return reason_set(why, e,
		    "Submission %s has gone since the list was made: if it was due to be deleted, "
		    "nothing is wrong. Export again; if it says so again, the file is lost, and "
		    "sealslotd check tells more.",
		    item->id);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't open submission %s", item->id);
	if (fstat(*fd, &st) == -1) {
		e = reason_sys(why, io_errno(), "Can't look at submission %s", item->id);
		io_close(fd);
		return e;
	}
	if (st.st_uid == f->owner && (uint64_t)st.st_size == item->size)
		return ERR_OK;
	io_close(fd);
	/* A store that was taken over must not make root carry other files away. */
	if (st.st_uid != f->owner)
		return reason_set(
		    why, ERR_MODE, "The file of submission %s isn't the store's own.", item->id);
	return reason_set(why, ERR_PROFILE,
	    "The file of submission %s isn't as long as the index says: sealslotd check tells more.",
	    item->id);
}

/* Reads all of it through the hash, to out unless that is NULL. */
static enum err
pump(const struct export_files *f, int fd, uint64_t size, const struct export_out *out,
    uint8_t hash[static HASH_LEN], struct reason *why)
{
	struct hash h;
	enum err e = ERR_OK;
	size_t want, got = 0;

	hash_init(&h, HASH_LEN);
	for (; size > 0 && e == ERR_OK; size -= got) {
		want = size < COPY_BYTES ? (size_t)size : COPY_BYTES;
		if ((e = io_read_full(fd, f->block, want, &got)) != ERR_OK)
			reason_sys(why, e, "Can't read a submission");
		else if (got != want)
			e = reason_set(why, ERR_TRUNCATED, "A submission's file became shorter.");
		else if (out != NULL && (e = io_write_all(out->fd, f->block, got)) != ERR_OK)
			reason_sys(why, e, "Can't write %s", out->name);
		hash_put(&h, f->block, got);
	}
	hash_finish(&h, hash);
	return e;
}

enum err
export_files_hash(const struct export_files *f, struct op_export_item *item, struct reason *why)
{
	int fd = -1;
	enum err e;

	if ((e = open_item(f, item, &fd, why)) != ERR_OK)
		return e;
	if ((e = pump(f, fd, item->size, NULL, item->hash, why)) == ERR_OK)
		item->has_hash = 1;
	io_close(&fd);
	return e;
}

/* ---- writing */

static enum err
write_header(const struct export_out *out, const char *name, uint64_t size, struct reason *why)
{
	uint8_t head[TAR_HEAD_MAX];
	size_t len = 0;
	enum err e;

	if ((e = tar_header_write(head, &len, name, size)) != ERR_OK ||
	    (e = io_write_all(out->fd, head, len)) != ERR_OK)
		return reason_sys(why, e, "Can't write %s", out->name);
	return ERR_OK;
}

static enum err
write_padding(const struct export_out *out, uint64_t size, struct reason *why)
{
	static const uint8_t zero[TAR_BLOCK];
	enum err e;

	if ((e = io_write_all(out->fd, zero, tar_pad(size))) != ERR_OK)
		return reason_sys(why, e, "Can't write %s", out->name);
	return ERR_OK;
}

enum err
export_files_write_member(
    const struct export_out *out, const char *name, const void *p, size_t n, struct reason *why)
{
	enum err e;

	if ((e = write_header(out, name, n, why)) != ERR_OK)
		return e;
	if ((e = io_write_all(out->fd, p, n)) != ERR_OK)
		return reason_sys(why, e, "Can't write %s", out->name);
	return write_padding(out, n, why);
}

static enum err
write_key(const struct export_files *f, const struct export_out *out, uint32_t serial,
    const char *extension, struct reason *why)
{
	char name[sizeof BUNDLE_SCHEDULES + SCHEDULE_NAME_MAX] = BUNDLE_SCHEDULES;
	char *file = name + strlen(BUNDLE_SCHEDULES);
	struct buf text;
	enum err e;

	schedule_name(file, serial, extension);
	buf_init(&text, LIMIT_SCHEDULE);
	if ((e = io_read_file_of(f->keys, file, f->owner, &text)) != ERR_OK)
		reason_sys(why, e, "Can't read the store's %s", name);
	else
		e = export_files_write_member(out, name, text.p, text.len, why);
	buf_wipe(&text);
	return e;
}

enum err
export_files_write_head(const struct export_files *f, const struct export_out *out,
    const struct buf *index, size_t sig_len, struct reason *why)
{
	size_t text_len = index->len - sig_len, i;
	enum err e;

	if ((e = export_files_write_member(out, BUNDLE_INDEX, index->p, text_len, why)) != ERR_OK ||
	    (e = export_files_write_member(
		 out, BUNDLE_INDEX_SIG, index->p + text_len, sig_len, why)) != ERR_OK ||
	    (e = export_files_write_member(
		 out, BUNDLE_TRANSFER, f->transfer.p, f->transfer.len, why)) != ERR_OK)
		return e;
	for (i = 0; i < serials_n(f) && e == ERR_OK; i++)
		if ((e = write_key(f, out, serial_at(f, i), SCHEDULE_NAME_TEXT, why)) == ERR_OK)
			e = write_key(f, out, serial_at(f, i), SCHEDULE_NAME_SIG, why);
	return e;
}

enum err
export_files_write_item(const struct export_files *f, const struct export_out *out,
    const struct op_export_item *item, struct reason *why)
{
	char name[TAR_NAME_MAX + 1];
	uint8_t hash[HASH_LEN];
	int fd = -1;
	enum err e;

	snprintf(name, sizeof name, "%s" BUNDLE_ITEM_EXT, item->id);
	if ((e = open_item(f, item, &fd, why)) != ERR_OK)
		return e;
	if ((e = write_header(out, name, item->size, why)) == ERR_OK &&
	    (e = pump(f, fd, item->size, out, hash, why)) == ERR_OK)
		e = write_padding(out, item->size, why);
	io_close(&fd);
	if (e == ERR_OK && memcmp(hash, item->hash, HASH_LEN) != 0)
		e = reason_set(why, ERR_AUTH,
		    "Submission %s was changed or damaged on the disk since its hash was taken: "
		    "restore its file from a backup, or end the server and say sealslotd check "
		    "--repair; then export again.",
		    item->id);
	return e;
}

enum err
export_files_write_end(const struct export_out *out, struct reason *why)
{
	static const uint8_t zero[TAR_END_LEN];
	enum err e;

	if ((e = io_write_all(out->fd, zero, sizeof zero)) != ERR_OK)
		return reason_sys(why, e, "Can't write %s", out->name);
	return ERR_OK;
}
