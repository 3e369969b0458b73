#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "display.h"
#include "open/passphrase.h"

#define LINE_MAX_BYTES (64 * 1024)
#define WHY_ROOM       256

/* ---- speaking */

void
cmd_put(struct buf *out, const char *untrusted)
{
	if (display_line(out, untrusted, strlen(untrusted)) != ERR_OK)
		return;
}

void
cmd_flush(struct buf *out)
{
	if (out->len > 0)
		fwrite(out->p, 1, out->len, stdout);
	fflush(stdout);
	buf_reset(out);
}

int
cmd_fail(const char *subject, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, LINE_MAX_BYTES);
	if (subject != NULL)
		cmd_put(&b, subject);
	fflush(stdout);
	fprintf(stderr, CMD_PROGRAM ": %.*s%s", (int)b.len, b.len == 0 ? "" : (const char *)b.p,
	    b.len == 0 ? "" : ": ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	buf_wipe(&b);
	return CMD_FAILED;
}

const char *
cmd_why(enum err e)
{
	return e == ERR_SYS ? strerror(errno) : err_text(e);
}

const char *
cmd_why_todo(enum err e)
{
	static char text[WHY_ROOM];
	const char *advice = err_advice(e);

	snprintf(text, sizeof text, "%s%s%s", cmd_why(e), advice[0] == '\0' ? "" : ". ", advice);
	return text;
}

int
cmd_fault(enum err e, const struct vault_fault *f)
{
	return cmd_fail(
	    f->path[0] == '\0' ? NULL : f->path, "%s.", f->why != NULL ? f->why : cmd_why_todo(e));
}

const char *
cmd_size(char out[static CMD_SIZE_ROOM], uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double v = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(out, CMD_SIZE_ROOM, "%u B", (unsigned)bytes);
		return out;
	}
	for (; v >= 999.5 && i + 1 < sizeof units / sizeof *units; v /= 1000)
		i++;
	snprintf(out, CMD_SIZE_ROOM, v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[i]);
	return out;
}

bool
cmd_is_coloured(void)
{
	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

const char *
cmd_red(void)
{
	return cmd_is_coloured() ? "\033[1;31m" : "";
}

const char *
cmd_plain(void)
{
	return cmd_is_coloured() ? "\033[0m" : "";
}

size_t
cmd_columns(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1)
		return 0;
	return w.ws_col;
}

/* ---- opening */

static int
tell_passphrase(enum err e, const char *file)
{
	if (file == NULL && e == ERR_STATE)
		return cmd_fail(NULL, "There is no terminal to ask for the passphrase on. Use "
				      "--passphrase-file FILE.");
	if (file == NULL)
		return cmd_fail(NULL, "The passphrase couldn't be read: %s.", cmd_why_todo(e));
	if (e == ERR_MODE)
		return cmd_fail(file, "it must be your own file, and others must not be able to "
				      "read it. Put that right with: chmod 600 FILE");
	if (e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_TRUNCATED)
		return cmd_fail(file, "its first line must be the passphrase, 1 to %d bytes.",
		    LIMIT_PASSPHRASE);
	return cmd_fail(file, "%s.", cmd_why_todo(e));
}

int
cmd_passphrase(const struct cmd_options *o, const char *what, struct secret_text *out)
{
	struct buf prompt;
	const char *s;
	enum err e;

	if (o->passphrase_file != NULL) {
		if ((e = passphrase_from_file(o->passphrase_file, out)) != ERR_OK)
			return tell_passphrase(e, o->passphrase_file);
		return CMD_DONE;
	}
	buf_init(&prompt, LINE_MAX_BYTES);
	if ((e = buf_add_str(&prompt, "Passphrase of the key store ")) == ERR_OK)
		cmd_put(&prompt, what);
	s = e == ERR_OK && buf_add_str(&prompt, ": ") == ERR_OK ? buf_cstr(&prompt) : NULL;
	e = passphrase_ask(s == NULL ? "Passphrase: " : s, out);
	buf_wipe(&prompt);
	return e == ERR_OK ? CMD_DONE : tell_passphrase(e, NULL);
}

static int
open_by(const struct cmd_options *o, struct vault **out,
    enum err (*open)(const struct vault_access *, struct vault **, struct vault_fault *))
{
	struct vault_fault fault = {"", NULL};
	struct secret_text pass = {0};
	char keys[PATH_MAX];
	struct vault_access how = {.path = o->vault, .keys = o->keys, .pass = &pass};
	enum err e;
	int code;

	/* What is no vault isn't worth a passphrase. */
	if ((e = vault_keys_path(o->vault, keys, &fault)) != ERR_OK)
		return cmd_fault(e, &fault);
	if ((code = cmd_passphrase(o, o->keys != NULL ? o->keys : keys, &pass)) != CMD_DONE)
		return code;
	e = open(&how, out, &fault);
	secret_text_wipe(&pass);
	return e == ERR_OK ? CMD_DONE : cmd_fault(e, &fault);
}

int
cmd_open(const struct cmd_options *o, struct vault **out)
{
	return open_by(o, out, vault_open);
}

int
cmd_open_write(const struct cmd_options *o, struct vault **out)
{
	return open_by(o, out, vault_open_write);
}

int
cmd_find(const struct vault *v, const char *prefix, const struct catalog_item **out)
{
	enum err e = catalog_find_prefix(&v->catalog, prefix, out);

	if (e == ERR_OK)
		return CMD_DONE;
	if (e == ERR_AMBIGUOUS)
		return cmd_fail(prefix, "more than one submission begins with these digits. Give "
					"more of them.");
	if (e == ERR_NOTFOUND)
		return cmd_fail(prefix, "no submission in this vault begins with these digits. "
					"`" CMD_PROGRAM " list` shows all of them.");
	cmd_fail(prefix, "this isn't an ID. An ID is 32 hex digits; its first 4 or more are "
			 "enough.");
	return CMD_USAGE;
}

int
cmd_on_item(const struct cmd_options *o,
    int (*work)(struct vault *v, const struct catalog_item *row, const struct cmd_options *o))
{
	const struct catalog_item *row = NULL;
	struct vault *v = NULL;
	int code;

	if ((code = cmd_open(o, &v)) != CMD_DONE)
		return code;
	if ((code = cmd_find(v, o->args[0], &row)) == CMD_DONE)
		code = work(v, row, o);
	vault_free(v);
	return code;
}
