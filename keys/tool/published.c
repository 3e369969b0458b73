#include "published.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "open/keystore_file.h"

#define PREFIX    "keys-"
#define SUFFIX    ".txt"
#define DIGITS    4 /* at least */
#define PATH_ROOM 4200

static const char ADVICE_AGAIN[] =
    "Don't use it. Fetch the schedule and its signature again, from the key store's publish "
    "folder or from the server, which shows them as /keys and /keys.minisig.";
static const char ADVICE_RESTORE[] =
    "Restore KEYS/publish from your backup, or put the pair there that the server shows as /keys "
    "and /keys.minisig.";

void
published_name(char out[static PUBLISHED_NAME_MAX], uint32_t serial)
{
	snprintf(out, PUBLISHED_NAME_MAX, PREFIX "%0*u" SUFFIX, DIGITS, serial);
}

void
published_wipe(struct published *p)
{
	schedule_free(p->s);
	buf_wipe(&p->text);
	buf_wipe(&p->sig);
	p->s = NULL;
}

/* ---- reading */

static enum err
refuse_text(struct tool_fault *f, enum err e, const char *path, const struct schedule_fault *why)
{
	if (why->line == 0)
		return tool_refuse(f, e, ADVICE_AGAIN, "%s: %s", path, why->why);
	return tool_refuse(f, e, ADVICE_AGAIN, "%s: line %zu: %s", path, why->line, why->why);
}

static enum err
read_file(int dirfd, const char *path, struct buf *out, struct tool_fault *f)
{
	enum err e;

	if ((e = io_read_file(dirfd, path, out)) != ERR_OK)
		tool_refuse(f, e,
		    e == ERR_NOTFOUND ? "A schedule and its signature (.minisig) belong together."
				      : "",
		    "%s: %s", path, tool_reason(e));
	return e;
}

enum err
published_read(int dirfd, const char *path, const struct minisign_key *root, struct published *out,
    struct tool_fault *f)
{
	struct schedule_fault why = {0};
	char sig[PATH_ROOM];
	enum err e;

	*out = (struct published){0};
	buf_init(&out->text, LIMIT_SCHEDULE);
	buf_init(&out->sig, LIMIT_SIGNATURE);
	if ((size_t)snprintf(sig, sizeof sig, "%s" PUBLISHED_SIG, path) >= sizeof sig)
		return tool_refuse(f, ERR_LIMIT, TOOL_SHORTER, "the path is too long");
	if ((e = read_file(dirfd, path, &out->text, f)) != ERR_OK ||
	    (e = read_file(dirfd, sig, &out->sig, f)) != ERR_OK)
		return e;
	if ((e = schedule_verify(&out->text, &out->sig, root, &out->s, &why)) != ERR_OK)
		return refuse_text(f, e, path, &why);
	hash_256(out->hash, out->text.p, out->text.len);
	return ERR_OK;
}

/* "keys-<at least four digits>.txt" in its one form. */
static bool
parse_name(const char *name, uint32_t *serial)
{
	size_t prefix = strlen(PREFIX), suffix = strlen(SUFFIX), len = strlen(name);
	char again[PUBLISHED_NAME_MAX];
	const char *digits;
	uint64_t v;

	if (len < prefix + DIGITS + suffix || strncmp(name, PREFIX, prefix) != 0 ||
	    strcmp(name + len - suffix, SUFFIX) != 0)
		return false;
	len -= prefix + suffix;
	for (digits = name + prefix; len > 1 && *digits == '0'; digits++)
		len--;
	if (text_number(digits, len, UINT32_MAX, &v) != ERR_OK || v == 0)
		return false;
	published_name(again, (uint32_t)v);
	*serial = (uint32_t)v;
	return strcmp(again, name) == 0;
}

static enum err
find_highest(void *ctx, int dirfd, const char *name)
{
	uint32_t *highest = ctx, serial;

	(void)dirfd;
	if (parse_name(name, &serial) && serial > *highest)
		*highest = serial;
	return ERR_OK;
}

static enum err
open_publish(const struct keystore *k, int *fd, struct tool_fault *f)
{
	enum err e;

	if ((e = io_open_dir(keystore_dir(k), TOOL_PUBLISH, fd)) != ERR_OK)
		tool_refuse(f, e, ADVICE_RESTORE, TOOL_PUBLISH ": %s", tool_reason(e));
	return e;
}

enum err
published_newest(const struct keystore *k, const struct minisign_key *root, struct published *out,
    struct tool_fault *f)
{
	char name[PUBLISHED_NAME_MAX];
	uint32_t highest = 0;
	enum err e;
	int fd = -1;

	*out = (struct published){0};
	if ((e = open_publish(k, &fd, f)) != ERR_OK)
		return e;
	if ((e = keystore_file_each(fd, find_highest, &highest)) != ERR_OK) {
		tool_refuse(f, e, "", TOOL_PUBLISH ": %s", tool_reason(e));
	} else if (highest > 0) {
		published_name(name, highest);
		e = published_read(fd, name, root, out, f);
		if (e == ERR_OK && out->s->serial != highest)
			e = tool_refuse(
			    f, ERR_FORMAT, "", "%s: it is the schedule of another serial", name);
		if (e != ERR_OK)
			snprintf(f->todo, sizeof f->todo, "%s", ADVICE_RESTORE);
	}
	io_close(&fd);
	return e;
}

/* ---- writing */

static enum err
write_pair(int fd, const char *name, const struct published *p, struct tool_fault *f)
{
	char sig[PUBLISHED_NAME_MAX + sizeof PUBLISHED_SIG];
	enum err e;

	snprintf(sig, sizeof sig, "%s" PUBLISHED_SIG, name);
	if ((e = io_replace(fd, sig, p->sig.p, p->sig.len, TOOL_PUBLIC_MODE)) != ERR_OK ||
	    (e = io_replace(fd, name, p->text.p, p->text.len, TOOL_PUBLIC_MODE)) != ERR_OK)
		tool_refuse(f, e,
		    "Make room, then run the same command again: it goes on where it stopped.",
		    TOOL_PUBLISH "/%s: %s", name, tool_reason(e));
	return e;
}

enum err
published_add(const struct keystore *k, const struct published *p, struct tool_fault *f)
{
	char name[PUBLISHED_NAME_MAX];
	enum err e;
	int fd = -1;

	published_name(name, p->s->serial);
	if ((e = open_publish(k, &fd, f)) == ERR_OK)
		e = write_pair(fd, name, p, f);
	io_close(&fd);
	return e;
}

static bool
holds(int fd, const char *name, const struct buf *want)
{
	struct buf b;
	bool same;

	buf_init(&b, LIMIT_SCHEDULE);
	same = io_read_file(fd, name, &b) == ERR_OK && b.len == want->len &&
	       memcmp(b.p, want->p, b.len) == 0;
	buf_wipe(&b);
	return same;
}

enum err
published_refresh(const struct keystore *k, const struct published *newest, struct tool_fault *f)
{
	enum err e;
	int fd = -1;

	if ((e = open_publish(k, &fd, f)) != ERR_OK)
		return e;
	if (!holds(fd, PUBLISHED_NEWEST, &newest->text) ||
	    !holds(fd, PUBLISHED_NEWEST PUBLISHED_SIG, &newest->sig))
		e = write_pair(fd, PUBLISHED_NEWEST, newest, f);
	io_close(&fd);
	return e;
}
