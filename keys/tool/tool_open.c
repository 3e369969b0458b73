#include "tool_open.h"

#include "tool_passphrase.h"

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
tool_open_public(const char *path, struct keystore **out, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_open_public(path, out)) != ERR_OK)
		return open_fault(f, e, path);
	return ERR_OK;
}

static enum err
ask_and_open(
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
tool_open_locked(
    const char *path, const char *passphrase_file, struct keystore **out, struct tool_fault *f)
{
	struct keystore *k = NULL;
	enum err e;

	if ((e = ask_and_open(path, passphrase_file, &k, f)) != ERR_OK)
		return e;
	if ((e = tool_lock(k, path, f)) != ERR_OK)
		keystore_free(k);
	else
		*out = k;
	return e;
}
