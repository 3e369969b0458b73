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
#include "open/passphrase.h"

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

/* ---- the key store */

enum err
tool_passphrase_fault(struct tool_fault *f, enum err e, const char *file)
{
	if (file == NULL && e == ERR_STATE)
		return tool_refuse(f, e, "Run it on a terminal, or give --passphrase-file FILE.",
		    "there is no terminal to ask for the passphrase on");
	if (file == NULL && e == ERR_PASSPHRASE)
		return tool_refuse(
		    f, e, "Nothing was changed. Try again.", "the two passphrases differ");
	if (file == NULL && e == ERR_TRUNCATED)
		return tool_refuse(
		    f, e, "Nothing was changed. Try again.", "the passphrase is empty");
	if (file == NULL)
		return tool_refuse(
		    f, e, "Nothing was changed.", "no passphrase: %s", tool_reason(e));
	if (e == ERR_MODE)
		return tool_refuse(f, e, "Make it yours alone: chmod 600 FILE.",
		    "%s: a passphrase file must be a regular file that only you can read", file);
	if (e == ERR_TRUNCATED)
		return tool_refuse(f, e, "The passphrase is the file's first line.",
		    "%s: the passphrase file is empty", file);
	return tool_refuse(
	    f, e, "The passphrase is the file's first line.", "%s: %s", file, tool_reason(e));
}

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
tool_passphrase(const char *file, const char *prompt, struct secret_text *out, struct tool_fault *f)
{
	enum err e;

	e = file == NULL ? passphrase_ask(prompt, out) : passphrase_from_file(file, out);
	return e == ERR_OK ? ERR_OK : tool_passphrase_fault(f, e, file);
}

static enum err
open_fault(struct tool_fault *f, enum err e, const char *path)
{
	if (e == ERR_PASSPHRASE)
		return tool_refuse(
		    f, e, "Nothing was changed. Try again.", "%s: wrong passphrase", path);
	if (e == ERR_NOTFOUND)
		return tool_refuse(f, e,
		    "Make one with: " TOOL_PROGRAM " init KEYS --instance ONION",
		    "%s: there is no key store here", path);
	if (e == ERR_MODE)
		return tool_refuse(f, e,
		    "Both must be yours and closed to others: chmod 700 KEYS; chmod 600 "
		    "KEYS/unlock.age",
		    "%s: the folder or its unlock.age is a link, or open to other users", path);
	if (e == ERR_NOMEM)
		return tool_refuse(f, e, "Raise the limit of locked memory: ulimit -l 4096",
		    "%s: not enough memory that can be locked", path);
	return tool_refuse(f, e, "Restore the key store from its backup.",
	    "%s: unlock.age can't be opened: %s", path, tool_reason(e));
}

enum err
tool_open_with(
    const char *path, const struct secret_text *pass, struct keystore **out, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_open(path, pass, out)) != ERR_OK)
		open_fault(f, e, path);
	return e;
}

enum err
tool_open(
    const char *path, const char *passphrase_file, struct keystore **out, struct tool_fault *f)
{
	struct secret_text pass = {0};
	struct keystore *k = NULL;
	enum err e;

	/* Before anybody has to type: is there anything to open? */
	if ((e = tool_open_public(path, &k, f)) != ERR_OK)
		return e;
	keystore_free(k);
	if ((e = tool_passphrase(passphrase_file, "Passphrase of the key store: ", &pass, f)) ==
	    ERR_OK)
		e = tool_open_with(path, &pass, out, f);
	secret_text_wipe(&pass);
	return e;
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

enum err
tool_open_locked(
    const char *path, const char *passphrase_file, struct keystore **out, struct tool_fault *f)
{
	struct keystore *k = NULL;
	enum err e;

	if ((e = tool_open(path, passphrase_file, &k, f)) != ERR_OK)
		return e;
	if ((e = tool_lock(k, path, f)) != ERR_OK)
		keystore_free(k);
	else
		*out = k;
	return e;
}

enum err
tool_open_public(const char *path, struct keystore **out, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_open_public(path, out)) != ERR_OK)
		return open_fault(f, e, path);
	return ERR_OK;
}

/* ---- a new passphrase */

/* On the terminal itself: it must not end up in a redirected log. */
static enum err
show_suggestion(const struct secret_text *words)
{
	static const char before[] =
	    "A passphrase for this key store, six words drawn at random:\n\n    ";
	static const char after[] =
	    "\n\nWrite it on paper now, and keep that away from the key store. Without it every\n"
	    "submission is lost. Type it with its hyphens. You may also type a passphrase of your\n"
	    "own, of at least 16 bytes.\n\n";
	enum err e;
	int fd;

	if ((fd = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC)) == -1)
		return ERR_STATE;
	if ((e = io_write_all(fd, before, strlen(before))) == ERR_OK &&
	    (e = io_write_all(fd, words->p, words->len)) == ERR_OK)
		e = io_write_all(fd, after, strlen(after));
	io_close(&fd);
	return e;
}

static enum err
ask_new(struct secret_text *out, struct tool_fault *f)
{
	struct secret_text words = {0};
	enum err e;

	if ((e = passphrase_suggest(&words)) == ERR_OK && (e = show_suggestion(&words)) == ERR_OK)
		e = passphrase_ask_new("Type it: ", out);
	secret_text_wipe(&words);
	return e == ERR_OK ? ERR_OK : tool_passphrase_fault(f, e, NULL);
}

/* Whoever has the key store may try passphrases for years: a short one is found. */
enum err
tool_new_passphrase(const char *file, struct secret_text *out, struct tool_fault *f)
{
	struct secret_text pass = {0};
	enum err e;

	if ((e = file == NULL ? ask_new(&pass, f) : tool_passphrase(file, "", &pass, f)) != ERR_OK)
		return e;
	if (pass.len < LIMIT_NEW_PASSPHRASE) {
		secret_text_wipe(&pass);
		return tool_refuse(f, ERR_LIMIT,
		    "Nothing was made. Take the six words that are offered on the terminal, or at least "
		    "16 bytes that nobody can guess: whoever steals the key store can try passphrases "
		    "for years.",
		    "the passphrase is too short: fewer than %d bytes", LIMIT_NEW_PASSPHRASE);
	}
	*out = pass;
	return ERR_OK;
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
