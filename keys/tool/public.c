#include "public.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "carry/handover.h"
#include "open/keystore_file.h"

#define STATEMENT "root-"
#define SIG_EXT   ".minisig"

/* ---- one file on its way */

struct way {
	size_t max; /* bytes of a file */
	public_put *put;
	void *ctx;
	struct tool_fault *f;
};

static enum err
carry(const struct way *w, int from, const char *name)
{
	struct buf b;
	enum err e;

	buf_init(&b, w->max);
	if ((e = io_read_file(from, name, &b)) != ERR_OK)
		tool_refuse(w->f, e,
		    "Put that right and run the same command again. If it is nothing of the key store, "
		    "take it away.",
		    "%s: %s", name, tool_reason(e));
	else
		e = w->put(w->ctx, name, &b);
	buf_wipe(&b);
	return e;
}

/* ---- all of a key store, into a copy */

struct target {
	int dir;
	struct tool_fault *f;
};

static enum err
replace(void *ctx, const char *name, const struct buf *content)
{
	const struct target *t = ctx;
	enum err e;

	if ((e = io_replace(t->dir, name, content->p, content->len, TOOL_PUBLIC_MODE)) != ERR_OK)
		tool_refuse(t->f, e, "Make room if there is none, then " TOOL_AGAIN, "%s: %s", name,
		    tool_reason(e));
	return e;
}

static enum err
carry_published(void *ctx, int from, const char *name)
{
	return name[0] == '.' ? ERR_OK : carry(ctx, from, name);
}

static enum err
copy_publish(const struct keystore *from, const struct keystore *to, struct tool_fault *f)
{
	struct target t = {.dir = -1, .f = f};
	struct way w = {.max = LIMIT_SCHEDULE, .put = replace, .ctx = &t, .f = f};
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(keystore_dir(from), TOOL_PUBLISH, &fd)) != ERR_OK ||
	    (e = io_open_dir(keystore_dir(to), TOOL_PUBLISH, &t.dir)) != ERR_OK)
		tool_refuse(
		    f, e, "Put that right, then " TOOL_AGAIN, TOOL_PUBLISH ": %s", tool_reason(e));
	else
		e = keystore_file_each(fd, carry_published, &w);
	io_close(&fd);
	io_close(&t.dir);
	return e;
}

enum err
public_copy(const struct keystore *from, const char *from_path, const struct keystore *to,
    struct tool_fault *f)
{
	struct target t = {.dir = keystore_dir(to), .f = f};
	struct way w = {.max = LIMIT_SCHEDULE, .put = replace, .ctx = &t, .f = f};
	int fd = keystore_dir(from);
	enum err e = ERR_OK;

	/* A desk without the root key may not have its public half either. */
	if (tool_has_file(from_path, TOOL_ROOT_PUB))
		e = carry(&w, fd, TOOL_ROOT_PUB);
	if (e != ERR_OK || (e = carry(&w, fd, TOOL_REPLY_PUB)) != ERR_OK ||
	    (e = copy_publish(from, to, f)) != ERR_OK)
		return e;
	return carry(&w, fd, TOOL_INSTANCE);
}

/* ---- the statements by which root keys hand over */

/* "root-0013.txt", or its signature: the schedule may lie in a folder of anything, and what is
 * carried goes to the server. */
static bool
is_statement(const char *name)
{
	char right[HANDOVER_NAME_MAX];
	const char *number;
	size_t len;
	uint64_t serial;

	if (strncmp(name, STATEMENT, strlen(STATEMENT)) != 0)
		return false;
	number = name + strlen(STATEMENT);
	number += strspn(number, "0");
	if (text_number(number, strspn(number, "0123456789"), UINT32_MAX, &serial) != ERR_OK)
		return false;
	handover_name(right, (uint32_t)serial);
	len = strlen(right);
	return strncmp(name, right, len) == 0 &&
	       (name[len] == '\0' || strcmp(name + len, SIG_EXT) == 0);
}

static enum err
carry_statement(void *ctx, int from, const char *name)
{
	return is_statement(name) ? carry(ctx, from, name) : ERR_OK;
}

enum err
public_statements(const char *schedule, public_put *put, void *ctx, struct tool_fault *f)
{
	struct way w = {.max = HANDOVER_MAX, .put = put, .ctx = ctx, .f = f};
	char path[PATH_MAX];
	const char *folder;
	enum err e;
	int fd = -1;

	if ((size_t)snprintf(path, sizeof path, "%s", schedule) >= sizeof path)
		return tool_refuse(f, ERR_LIMIT, TOOL_SHORTER, "the path is too long");
	folder = dirname(path);
	if ((e = io_open_dir(AT_FDCWD, folder, &fd)) != ERR_OK)
		tool_refuse(f, e, "Name the schedule in a folder that you may read.", "%s: %s",
		    folder, tool_reason(e));
	else
		e = keystore_file_each(fd, carry_statement, &w);
	io_close(&fd);
	return e;
}
