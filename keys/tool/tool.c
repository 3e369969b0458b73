#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "carry/schedule.h"

/* ---- messages */

enum err
tool_refuse(struct tool_fault *f, enum err e, const char *todo, const char *fmt, ...)
{
	const char *advice = err_advice(e);
	va_list ap;

	if (todo[0] == '\0' && advice[0] != '\0')
		snprintf(f->todo, sizeof f->todo, "%s.", advice);
	else
		snprintf(f->todo, sizeof f->todo, "%s", todo);
	va_start(ap, fmt);
	vsnprintf(f->what, sizeof f->what, fmt, ap);
	va_end(ap);
	return e;
}

const char *
tool_reason(enum err e)
{
	return e == ERR_SYS ? strerror(errno) : err_text(e);
}

int
tool_report(const char *verb, const struct tool_fault *f)
{
	fflush(stdout);
	fprintf(stderr, TOOL_PROGRAM " %s: %s\n", verb, f->what);
	if (f->todo[0] != '\0')
		fprintf(stderr, "%s\n", f->todo);
	return TOOL_FAILED;
}

int
tool_wrong(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, TOOL_PROGRAM " %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry: " TOOL_PROGRAM " %s --help\n", verb);
	return TOOL_USAGE;
}

static bool
is_option(const char *arg, const struct option *options)
{
	size_t n = strcspn(arg, "=");

	for (; options->name != NULL; options++)
		if (strlen(options->name) == n && strncmp(options->name, arg, n) == 0)
			return true;
	return false;
}

/* Only the name of an option is ever shown: what stands behind it may be a secret. */
static int
wrong_option(const char *verb, const char *arg, const char *why)
{
	tool_wrong(verb, "%s: %.*s", why, (int)strcspn(arg, "="), arg);
	return TOOL_WRONG_OPTION;
}

int
tool_option(const char *verb, int argc, char **argv, const struct option *options)
{
	int at = optind, c;

	/* getopt_long would skip what isn't an option; so does this look ahead. */
	while (at < argc && (argv[at][0] != '-' || argv[at][1] == '\0'))
		at++;
	if (at < argc && strcmp(argv[at], "--") != 0 &&
	    (argv[at][1] != '-' || !is_option(argv[at] + 2, options)))
		return wrong_option(verb, argv[at], "unknown option");
	opterr = 0;
	c = getopt_long(argc, argv, ":", options, NULL);
	if (c == ':')
		return wrong_option(verb, argv[optind - 1], "a value is missing behind");
	if (c == '?')
		return wrong_option(verb, argv[optind - 1], "no value belongs behind");
	return c;
}

int
tool_help(const char *text)
{
	fputs(text, stdout);
	return tool_done("help");
}

int
tool_done(const char *verb)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return TOOL_DONE;
	fprintf(stderr, TOOL_PROGRAM " %s: standard output: %s\n", verb, strerror(errno));
	return TOOL_FAILED;
}

/* ---- the key store as a whole */

enum err
tool_refuse_folder(struct tool_fault *f, enum err e, const char *path)
{
	const char *todo =
	    e == ERR_MODE
		? "A key store is a folder of your own, no link, that is closed to others "
		  "(chmod 700).\nFAT and exFAT can't keep one: use ext4, on a stick, too."
		: "";

	return tool_refuse(
	    f, e, todo, "%s: %s", path, e == ERR_MODE ? "it isn't yours alone" : tool_reason(e));
}

enum err
tool_lock(struct keystore *k, const char *path, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_lock(k)) == ERR_BUSY)
		tool_refuse(f, e, "Wait until it has finished.",
		    "%s: another program is working with this key store", path);
	else if (e != ERR_OK)
		tool_refuse(f, e, "Keep it on a file system that knows locks.",
		    "%s: it can't be locked: %s", path, tool_reason(e));
	return e;
}

/* ---- small things that are read */

bool
tool_has_file(const char *folder, const char *name)
{
	struct stat st;
	bool found;
	int fd = -1;

	if (io_open_dir(AT_FDCWD, folder, &fd) != ERR_OK)
		return false;
	found = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	io_close(&fd);
	return found;
}

enum err
tool_number(const char *s, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (text_number(s, strlen(s), max, &v) != ERR_OK || v < min)
		return ERR_FORMAT;
	*out = (uint32_t)v;
	return ERR_OK;
}

enum err
tool_read_key(int dirfd, const char *path, struct minisign_key *out, struct tool_fault *f)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_SIGNATURE);
	if ((e = io_read_file(dirfd, path, &b)) != ERR_OK)
		tool_refuse(f, e, "", "%s: %s", path, tool_reason(e));
	else if ((e = minisign_key_parse_file(out, b.p, b.len)) != ERR_OK)
		tool_refuse(f, e, "It has two lines: a comment, and a key that begins with RW.",
		    "%s: not a minisign public key", path);
	buf_wipe(&b);
	return e;
}

enum err
tool_write_key(const struct keystore *k, const char *name, const char *what, const char *instance,
    const struct minisign_key *key, struct tool_fault *f)
{
	char line[MINISIGN_KEY_LEN + 1], text[MINISIGN_KEY_LEN + 160];
	enum err e;

	minisign_key_format(line, key);
	snprintf(text, sizeof text, "untrusted comment: Sealslot %s key of %s\n%s\n", what,
	    instance, line);
	if ((e = io_replace(keystore_dir(k), name, text, strlen(text), TOOL_PUBLIC_MODE)) != ERR_OK)
		tool_refuse(f, e, "Run the same command again: it goes on where it stopped.",
		    "%s: %s", name, tool_reason(e));
	return e;
}

enum err
tool_read_instance(const struct keystore *k, char *out, size_t size, struct tool_fault *f)
{
	struct buf b;
	enum err e;

	buf_init(&b, 256);
	e = io_read_file(keystore_dir(k), TOOL_INSTANCE, &b);
	if (e == ERR_NOTFOUND)
		tool_refuse(f, e,
		    "Run the command that began it (init, restore or reviewer-copy) again: it goes on "
		    "where it stopped.",
		    "the key store isn't complete");
	else if (e != ERR_OK)
		tool_refuse(f, e, "Restore the key store from its backup.", "%s: %s", TOOL_INSTANCE,
		    tool_reason(e));
	else if (b.len != SCHEDULE_INSTANCE_LEN + 1 || b.p[b.len - 1] != '\n' ||
		 !schedule_is_instance((const char *)b.p, b.len - 1) || size < b.len)
		e = tool_refuse(f, ERR_FORMAT, "It holds the onion address, one line.",
		    "%s: damaged", TOOL_INSTANCE);
	if (e == ERR_OK) {
		memcpy(out, b.p, b.len - 1);
		out[b.len - 1] = '\0';
	}
	buf_wipe(&b);
	return e;
}
