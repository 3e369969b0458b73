#include "backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "holders.h"
#include "open/keystore_file.h"
#include "record.h"

/* ---- where it will be */

static const char *
advice(enum err e)
{
	if (e == ERR_EXISTS)
		return "Nothing was overwritten. Give another name.";
	if (e == ERR_USAGE)
		return "Give the name of a file, not of a folder.";
	if (e == ERR_NOTFOUND || e == ERR_MODE)
		return "No backup was made. Its folder isn't there, or is no folder: give another.";
	if (e == ERR_NOSPACE)
		return "No backup was made. Make room there, or give another place.";
	return "No backup was made. Give another place.";
}

static enum err
refuse(const struct backup_file *b, enum err e, struct tool_fault *f)
{
	return tool_refuse(f, e, advice(e), "%s: %s", b->path, tool_reason(e));
}

enum err
backup_file_begin(struct backup_file *out, const char *path, struct tool_fault *f)
{
	struct backup_file b = {.path = path, .dir = -1};
	struct stat st;
	enum err e;

	if ((e = io_open_parent(path, &b.dir, &b.name)) != ERR_OK)
		return refuse(&b, e, f);
	if (fstatat(b.dir, b.name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		io_close(&b.dir);
		return refuse(&b, ERR_EXISTS, f);
	}
	*out = b;
	return ERR_OK;
}

void
backup_file_end(struct backup_file *b)
{
	io_close(&b->dir);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

enum err
backup_file_is_outside(const struct backup_file *b, const struct keystore *k, struct tool_fault *f)
{
	char up[PATH_MAX] = ".";
	struct stat keys, at, below = {0};
	size_t len = 1;

	if (fstat(keystore_dir(k), &keys) == -1)
		return refuse(b, io_errno(), f);
	/* The root is its own parent. */
	for (; fstatat(b->dir, up, &at, 0) == 0 && !is_same(&at, &below); below = at) {
		if (is_same(&at, &keys))
			return tool_refuse(f, ERR_USAGE,
			    "No backup was made. Give a place on another medium: one beside the keys "
			    "is lost with them.",
			    "%s: that is in the key store itself", b->path);
		if (len + sizeof "/.." > sizeof up)
			break;
		memcpy(up + len, "/..", sizeof "/..");
		len += strlen("/..");
	}
	return ERR_OK;
}

/* ---- what was left there */

struct sweep {
	const struct keystore *k;
	struct holders known;
};

/* On record as gone only when that is on the medium, too. */
static enum err
sweep_file(void *ctx, int dir, const char *name)
{
	const char *id = name + strlen(IO_TMP_PREFIX);
	const struct sweep *s = ctx;
	struct tool_fault ignored;

	if (keystore_file_is_leftover(name) && holders_was(&s->known, RECORD_BACKUP, id) &&
	    unlinkat(dir, name, 0) == 0 && io_sync(dir) == ERR_OK &&
	    holders_find(&s->known, id) != NULL)
		(void)!record_add(s->k, &ignored, RECORD_GONE " %s", id);
	return ERR_OK;
}

void
backup_file_sweep(const struct backup_file *b, const struct keystore *k)
{
	struct sweep s = {.k = k};
	struct tool_fault ignored;

	if (holders_load(k, &s.known, &ignored) == ERR_OK)
		(void)!keystore_file_each(b->dir, sweep_file, &s);
	holders_wipe(&s.known);
}

/* ---- writing it */

static bool
is_absent(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT;
}

/* A medium that failed may have all of it: what is gone there is only known when it syncs. */
static bool
is_gone(const struct backup_file *b, const char *tmp, enum err e)
{
	return is_absent(b->dir, tmp) && (e == ERR_EXISTS || is_absent(b->dir, b->name)) &&
	       io_sync(b->dir) == ERR_OK;
}

enum err
backup_file_write(const struct backup_file *b, const char *id, const struct buf *content,
    bool *is_left, struct tool_fault *f)
{
	char tmp[sizeof IO_TMP_PREFIX + RANDOM_ID_LEN];
	enum err e;

	snprintf(tmp, sizeof tmp, IO_TMP_PREFIX "%s", id);
	if ((e = io_write_new(b->dir, tmp, content->p, content->len, 0600)) == ERR_OK)
		e = io_rename_new(b->dir, tmp, b->name);
	if (e == ERR_OK)
		return ERR_OK;
	refuse(b, e, f);
	if ((*is_left = !is_gone(b, tmp, e)))
		snprintf(f->todo, sizeof f->todo,
		    "The medium may hold it all the same, under that name or as %s: so the log "
		    "keeps it. When it is destroyed, say so: " TOOL_PROGRAM
		    " retire KEYS --gone %s",
		    tmp, id);
	return e;
}
