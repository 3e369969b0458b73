#include "parent/restore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "base/io.h"
#include "carry/minisign.h"
#include "carry/tar.h"
#include "parent/backup_index.h"
#include "parent/restore_dir.h"

#define BLOCK_SIZE (256 * 1024)
#define STATE_MAX  4096

struct restore {
	const struct setup *setup;
	int in;
	const char *name;
	struct restore_dir dir;
	struct tar_read tar;
	uint8_t *block;
	struct backup_head head;
	struct buf files; /* struct backup_file each */
	struct buf state; /* the file that comes last */
};

/* ---- the archive */

static enum err
damaged(const struct restore *r, enum err e, struct reason *why)
{
	if (e == ERR_TRUNCATED)
		return reason_set(why, e, "%s ends too early: it isn't the whole backup.", r->name);
	if (e == ERR_SYS || e == ERR_NOSPACE)
		return reason_sys(why, e, "Can't read %s", r->name);
	return reason_set(why, e, "%s is damaged, or isn't a backup of sealslotd.", r->name);
}

static enum err
read_block(struct restore *r, void *p, size_t n)
{
	size_t got = 0;
	enum err e;

	if ((e = io_read_full(r->in, p, n, &got)) != ERR_OK)
		return e;
	return got == n ? ERR_OK : ERR_TRUNCATED;
}

/* ERR_CLOSED: the archive is over. */
static enum err
next_member(struct restore *r, struct tar_member *m)
{
	uint8_t block[TAR_BLOCK];
	enum err e;

	do
		if ((e = read_block(r, block, sizeof block)) == ERR_OK)
			e = tar_read_block(&r->tar, block, m);
	while (e == ERR_AGAIN);
	return e;
}

/* Reads a member's content through the hash: to fd, or to the end of a buffer. */
static enum err
read_content(struct restore *r, uint64_t size, int fd, struct buf *to, uint8_t hash[HASH_LEN])
{
	uint64_t left = size;
	enum err e = ERR_OK;
	struct hash h;
	size_t n;

	hash_init(&h, HASH_LEN);
	while (left > 0 && e == ERR_OK) {
		n = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
		if ((e = read_block(r, r->block, n)) == ERR_OK) {
			hash_put(&h, r->block, n);
			e = to != NULL ? buf_add(to, r->block, n) : io_write_all(fd, r->block, n);
		}
		left -= n;
	}
	hash_finish(&h, hash);
	return e == ERR_OK ? read_block(r, r->block, tar_pad(size)) : e;
}

static enum err
read_list(struct restore *r, struct reason *why)
{
	uint8_t hash[HASH_LEN];
	const char *phrase = "";
	struct tar_member m;
	struct buf text;
	size_t line = 0;
	enum err e;

	if ((e = next_member(r, &m)) != ERR_OK)
		return damaged(r, e, why);
	if (strcmp(m.name, BACKUP_INDEX) != 0)
		return reason_set(why, ERR_PROFILE,
		    "%s isn't a backup of sealslotd: it begins with %s. (What export writes is for the "
		    "air-gapped machine.)",
		    r->name, m.name);
	buf_init(&text, LIMIT_BACKUP_LIST);
	if ((e = read_content(r, m.size, -1, &text, hash)) != ERR_OK)
		damaged(r, e, why);
	else if ((e = backup_index_parse(&text, &r->head, &r->files, &line, &phrase)) != ERR_OK)
		reason_set(
		    why, e, "The list in %s is refused: line %zu: %s.", r->name, line, phrase);
	else if (strcmp(r->head.instance, r->setup->conf->instance) != 0)
		e = reason_set(why, ERR_USAGE,
		    "The backup is of another instance, %s: the configuration says %s.",
		    r->head.instance, r->setup->conf->instance);
	buf_wipe(&text);
	return e;
}

/* ---- the files */

/* The root key that the backup was made under is the one that is pinned here. */
static enum err
compare_root(const struct restore *r, const struct buf *text, struct reason *why)
{
	struct minisign_key k;

	if (minisign_key_parse_file(&k, text->p, text->len) == ERR_OK &&
	    memcmp(&k, &r->setup->root, sizeof k) == 0)
		return ERR_OK;
	return reason_set(why, ERR_AUTH,
	    "The backup was made under another root key than %s has: take root.pub out of the backup "
	    "and compare it with what the key ceremony showed.",
	    r->setup->conf->root_path);
}

static enum err
write_file(struct restore *r, const struct backup_file *f, uint8_t hash[static HASH_LEN],
    struct reason *why)
{
	const struct timespec day = {.tv_sec = (time_t)f->day * DATE_DAY_SEC};
	const struct timespec times[2] = {day, day};
	int fd = -1;
	enum err e;

	if ((e = restore_dir_create(&r->dir, f, &fd)) != ERR_OK)
		return reason_sys(why, e, "Can't write %s in the store", f->name);
	if ((e = read_content(r, f->size, fd, NULL, hash)) == ERR_NOSPACE)
		reason_set(why, e, "The file system of the store is full.");
	else if (e != ERR_OK)
		damaged(r, e, why);
	else if (futimens(fd, times) == -1)
		e = reason_sys(why, ERR_SYS, "Can't set the day of %s", f->name);
	io_close(&fd);
	return e;
}

/* What is kept in memory: the state, which comes last, and what is only compared. */
static enum err
keep_file(struct restore *r, const struct backup_file *f, uint8_t hash[static HASH_LEN],
    struct reason *why)
{
	struct buf text;
	enum err e;

	buf_init(&text, LIMIT_CONF);
	if ((e = read_content(r, f->size, -1, &text, hash)) != ERR_OK)
		damaged(r, e, why);
	else if (strcmp(f->name, "root.pub") == 0)
		e = compare_root(r, &text, why);
	else if (strcmp(f->name, "state") == 0)
		e = buf_add(&r->state, text.p, text.len);
	buf_wipe(&text);
	return e;
}

static enum err
restore_file(struct restore *r, const struct backup_file *f, struct reason *why)
{
	enum backup_kind kind = backup_kind_of(f->name);
	uint8_t hash[HASH_LEN];
	struct tar_member m;
	enum err e;

	if ((e = next_member(r, &m)) != ERR_OK)
		return damaged(r, e, why);
	if (strcmp(m.name, f->name) != 0 || m.size != f->size)
		return reason_set(why, ERR_FORMAT,
		    "%s is damaged: where its list says %s, it has %s.", r->name, f->name, m.name);
	if (kind == BACKUP_STATE || kind == BACKUP_CONF)
		e = keep_file(r, f, hash, why);
	else
		e = write_file(r, f, hash, why);
	if (e == ERR_OK && memcmp(hash, f->hash, HASH_LEN) != 0)
		e = reason_set(
		    why, ERR_AUTH, "%s is damaged: %s isn't what its list says.", r->name, f->name);
	return e;
}

static enum err
restore_files(struct restore *r, struct restore_result *out, struct reason *why)
{
	const struct backup_file *f = (const struct backup_file *)(const void *)r->files.p;
	size_t i, n = r->files.len / sizeof *f;
	struct tar_member m;
	enum err e = ERR_OK;

	for (i = 0; i < n && e == ERR_OK; i++) {
		e = restore_file(r, &f[i], why);
		out->items += backup_kind_of(f[i].name) == BACKUP_ITEM;
	}
	if (e == ERR_OK && (e = next_member(r, &m)) != ERR_CLOSED)
		return damaged(r, e == ERR_OK ? ERR_FORMAT : e, why);
	if (e == ERR_CLOSED && r->state.len == 0)
		return reason_set(why, ERR_FORMAT, "%s has no file \"state\".", r->name);
	return e == ERR_CLOSED ? ERR_OK : e;
}

enum err
restore_run(
    const struct setup *s, int in, const char *name, struct restore_result *out, struct reason *why)
{
	struct restore r = {.setup = s, .in = in, .name = name, .dir = RESTORE_DIR_NONE};
	bool is_ours = false;
	enum err e;

	buf_init(&r.files, LIMIT_BACKUP_FILES * sizeof(struct backup_file));
	buf_init(&r.state, STATE_MAX);
	tar_read_init(&r.tar);
	*out = (struct restore_result){.items = 0};
	if ((r.block = malloc(BLOCK_SIZE)) == NULL)
		return reason_sys(why, ERR_NOMEM, "Can't restore");
	if ((e = read_list(&r, why)) == ERR_OK &&
	    (e = restore_dir_open(&r.dir, s->conf->store_path, why)) == ERR_OK &&
	    (e = restore_dir_take(&r.dir, why)) == ERR_OK) {
		is_ours = true;
		if ((e = restore_files(&r, out, why)) == ERR_OK)
			e = restore_dir_complete(&r.dir, r.state.p, r.state.len, why);
	}
	if (e != ERR_OK && is_ours)
		restore_dir_undo(&r.dir);
	out->made = r.head.made;
	restore_dir_close(&r.dir);
	buf_wipe(&r.files);
	buf_wipe(&r.state);
	free(r.block);
	return e;
}
