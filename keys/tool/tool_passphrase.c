#include "tool_passphrase.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "open/passphrase.h"

/* file is NULL when it was asked for on the terminal. Returns e. */
static enum err
fault(struct tool_fault *f, enum err e, const char *file)
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
tool_passphrase(const char *file, const char *prompt, struct secret_text *out, struct tool_fault *f)
{
	enum err e;

	e = file == NULL ? passphrase_ask(prompt, out) : passphrase_from_file(file, out);
	return e == ERR_OK ? ERR_OK : fault(f, e, file);
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
	return e == ERR_OK ? ERR_OK : fault(f, e, NULL);
}

/* Whoever has the key store may try passphrases for years: a short one is found. */
enum err
tool_passphrase_new(const char *file, struct secret_text *out, struct tool_fault *f)
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
