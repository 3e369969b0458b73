#include "restore_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "open/keystore.h"
#include "open/keystore_file.h"
#include "seal/age.h"

/* What was written before is taken as it is by the next run. */
static const char *
advice(enum err e)
{
	if (e == ERR_EXISTS)
		return "Nothing was overwritten. Give a folder that doesn't exist yet.";
	if (e == ERR_NOSPACE)
		return "Make room there, and run the same command again: it goes on where it "
		       "stopped.";
	if (e == ERR_NOTFOUND)
		return "The folder that it is to stand in isn't there. Make that first.";
	if (e == ERR_MODE)
		return "A key store is a folder of your own that others can't enter (chmod 700), and "
		       "no link. Give one that doesn't exist yet; not on FAT, which knows no owners.";
	return "Put that right, or give another place, and run the same command again: it goes on "
	       "where it stopped.";
}

/* ---- the folder itself */

static enum err
make(struct restore_folder *d)
{
	enum err e;

	if (tool_has_file(d->path, TOOL_INSTANCE))
		return tool_refuse(d->f, ERR_EXISTS,
		    "Nothing was changed. Give a folder that doesn't exist yet.",
		    "%s: there is a key store already", d->path);
	if ((e = keystore_file_new_folder(d->path, &d->dir)) == ERR_OK &&
	    (e = keystore_file_mkdir(d->dir, KEYSTORE_EPOCHS)) == ERR_OK &&
	    (e = keystore_file_mkdir(d->dir, TOOL_PUBLISH)) == ERR_OK &&
	    (e = keystore_file_folder(d->dir, KEYSTORE_EPOCHS, &d->epochs)) == ERR_OK)
		e = keystore_file_folder(d->dir, TOOL_PUBLISH, &d->publish);
	if (e == ERR_MODE)
		return tool_refuse_folder(d->f, e, d->path);
	if (e != ERR_OK)
		tool_refuse(d->f, e, advice(e), "%s: %s", d->path, tool_reason(e));
	return e;
}

/* A run that was cut off may go on, but not in a folder that is being made for other keys. */
static enum err
check(const struct restore_folder *d, const struct buf *unlock)
{
	struct buf there;
	enum err e;

	buf_init(&there, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	e = io_read_file(d->dir, KEYSTORE_UNLOCK, &there);
	if (e == ERR_OK && (there.len != unlock->len || memcmp(there.p, unlock->p, there.len) != 0))
		e = ERR_EXISTS;
	buf_wipe(&there);
	if (e == ERR_OK || e == ERR_NOTFOUND)
		return ERR_OK;
	return tool_refuse(d->f, e, "Nothing was changed. Give a folder that doesn't exist yet.",
	    "%s/%s: %s", d->path, KEYSTORE_UNLOCK, tool_reason(e));
}

enum err
restore_folder_make(struct restore_folder *out, const struct buf *unlock)
{
	enum err e;

	if ((e = make(out)) != ERR_OK)
		return e;
	return check(out, unlock);
}

void
restore_folder_close(struct restore_folder *d)
{
	io_close(&d->dir);
	io_close(&d->epochs);
	io_close(&d->publish);
}

/* ---- its files */

static enum err
refuse(const struct restore_folder *d, int dir, const char *name, enum err e)
{
	const char *folder = dir == d->epochs    ? KEYSTORE_EPOCHS "/"
			     : dir == d->publish ? TOOL_PUBLISH "/"
						 : "";

	return tool_refuse(
	    d->f, e, advice(e), "%s/%s%s: %s", d->path, folder, name, tool_reason(e));
}

enum err
restore_folder_put(
    const struct restore_folder *d, int dir, const char *name, const uint8_t *p, size_t n)
{
	/* With the instance it is a key store: that mustn't be there if its sync fails. */
	bool is_for_good = strstr(name, ".age") != NULL || strcmp(name, TOOL_INSTANCE) == 0;
	struct buf there;
	enum err e;

	buf_init(&there, LIMIT_KEY_LOG);
	e = io_read_file(dir, name, &there);
	if (e == ERR_NOTFOUND)
		e = is_for_good ? keystore_file_write(dir, name, p, n)
				: io_replace(dir, name, p, n, TOOL_PUBLIC_MODE);
	else if (e == ERR_OK && (there.len != n || memcmp(there.p, p, n) != 0))
		e = ERR_EXISTS;
	buf_wipe(&there);
	return e == ERR_OK ? ERR_OK : refuse(d, dir, name, e);
}

static bool
begins_as_age(const struct buf *b)
{
	size_t n = strlen(AGE_VERSION_LINE);

	return b->len >= n && memcmp(b->p, AGE_VERSION_LINE, n) == 0;
}

/* What a run that was cut off had begun to destroy isn't an age file any more. */
enum err
restore_folder_leave_out(
    const struct restore_folder *d, const char *name, const uint8_t *p, size_t n)
{
	struct buf there;
	enum err e;

	buf_init(&there, LIMIT_KEY_LOG);
	e = io_read_file(d->epochs, name, &there);
	if (e == ERR_OK && there.len == n && (memcmp(there.p, p, n) == 0 || !begins_as_age(&there)))
		e = keystore_file_destroy(d->epochs, name);
	else if (e == ERR_OK)
		e = ERR_EXISTS;
	buf_wipe(&there);
	if (e == ERR_OK || e == ERR_NOTFOUND)
		return ERR_OK;
	return refuse(d, d->epochs, name, e);
}
