#include "cmd.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "carry/fingerprint.h"
#include "carry/schedule.h"
#include "open/keystore_file.h"
#include "tool.h"
#include "tool_open.h"
#include "tool_passphrase.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " init KEYS --instance ONION [--without-root] [--passphrase-file FILE]\n"
    "\n"
    "Makes the key store KEYS, a new folder: its passphrase, the root key that signs\n"
    "schedules, and this desk's reply key. Do this once, on a machine without network.\n"
    "\n"
    "  --instance ONION        the server's address, 56 characters and \".onion\"\n"
    "  --without-root          for a desk whose keys another desk's schedule lists\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct init_args {
	const char *path;
	const char *instance;
	const char *passphrase_file;
	bool has_root;
};

struct init_keys {
	struct minisign_key root, reply;
};

/* ---- the store's files */

static enum err
file_fault(struct tool_fault *f, enum err e, const char *name)
{
	return tool_refuse(f, e, "Run the same init command again: it goes on where it stopped.",
	    "%s: %s", name, tool_reason(e));
}

/* The key of a run that was cut off, or a new one. */
static enum err
get_or_make(struct keystore *k, const char *name, struct minisign_key *out, struct tool_fault *f)
{
	struct sign_key *key;
	enum err e;

	if ((key = secret_new(sizeof *key)) == NULL)
		return file_fault(f, ERR_NOMEM, name);
	if ((e = keystore_get_sign(k, name, key)) == ERR_NOTFOUND) {
		sign_key_new(key);
		e = keystore_put_sign(k, name, key);
	}
	if (e == ERR_OK)
		*out = key->public;
	else
		file_fault(f, e, name);
	secret_free(key);
	return e;
}

static enum err
make_pair(struct keystore *k, const char *secret, const char *public, const char *what,
    const struct init_args *a, struct minisign_key *out, struct tool_fault *f)
{
	enum err e;

	if ((e = get_or_make(k, secret, out, f)) != ERR_OK)
		return e;
	return tool_write_key(k, public, what, a->instance, out, f);
}

/* The instance comes last: with it the key store is complete. It has its name for good, or not at
 * all. */
static enum err
complete(
    struct keystore *k, const struct init_args *a, struct init_keys *keys, struct tool_fault *f)
{
	char text[SCHEDULE_INSTANCE_LEN + 2];
	enum err e;

	if (a->has_root &&
	    (e = make_pair(k, TOOL_ROOT, TOOL_ROOT_PUB, "root", a, &keys->root, f)) != ERR_OK)
		return e;
	if ((e = make_pair(k, TOOL_REPLY, TOOL_REPLY_PUB, "reply", a, &keys->reply, f)) != ERR_OK)
		return e;
	snprintf(text, sizeof text, "%s\n", a->instance);
	if ((e = keystore_file_write(keystore_dir(k), TOOL_INSTANCE, text, strlen(text))) != ERR_OK)
		file_fault(f, e, TOOL_INSTANCE);
	return e;
}

static enum err
create(const char *path, const struct secret_text *pass, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_create(path, pass)) == ERR_EXISTS)
		tool_refuse(f, e, "Give a folder that doesn't exist yet, or an empty one.",
		    "%s: there are files in it", path);
	else if (e != ERR_OK)
		tool_refuse_folder(f, e, path);
	return e;
}

/* Offers a new passphrase, unless the key store has one already. */
static enum err
get_passphrase(
    const struct init_args *a, bool is_begun, struct secret_text *out, struct tool_fault *f)
{
	if (is_begun)
		return tool_passphrase(a->passphrase_file,
		    "This key store was begun before. Its passphrase, to go on: ", out, f);
	return tool_passphrase_new(a->passphrase_file, out, f);
}

static enum err
init(const struct init_args *a, struct init_keys *keys, struct tool_fault *f)
{
	bool is_begun = tool_has_file(a->path, KEYSTORE_UNLOCK);
	struct secret_text pass = {0};
	struct keystore *k = NULL;
	enum err e;

	if (tool_has_file(a->path, TOOL_INSTANCE))
		return tool_refuse(f, ERR_EXISTS,
		    "Nothing was changed. See: " TOOL_PROGRAM " show KEYS",
		    "%s: the key store exists already", a->path);
	if ((e = get_passphrase(a, is_begun, &pass, f)) != ERR_OK ||
	    (!is_begun && (e = create(a->path, &pass, f)) != ERR_OK) ||
	    (e = tool_open_with(a->path, &pass, &k, f)) != ERR_OK ||
	    (e = tool_lock(k, a->path, f)) != ERR_OK)
		goto done;
	e = complete(k, a, keys, f);
done:
	secret_text_wipe(&pass);
	keystore_free(k);
	return e;
}

/* ---- the verb */

static void
print_key(const char *what, const struct minisign_key *k)
{
	char line[MINISIGN_KEY_LEN + 1], words[FINGERPRINT_MAX + 1];

	minisign_key_format(line, k);
	fingerprint_words(words, k);
	printf("%-10s %s\n%-10s %s\n", what, line, "", words);
}

static int
report(const struct init_args *a, const struct init_keys *keys)
{
	printf("The key store %s is ready.\n\n%-10s %s\n", a->path, "instance", a->instance);
	if (a->has_root)
		print_key("root key", &keys->root);
	print_key("reply key", &keys->reply);
	if (a->has_root)
		printf("\nNext: put %s/" TOOL_ROOT_PUB " on the server, and run\n  " TOOL_PROGRAM
		       " schedule %s --inbox 'tips=Investigations desk'\n",
		    a->path, a->path);
	else
		printf(
		    "\nNext, with the schedule and the root.pub of the other desk:\n  " TOOL_PROGRAM
		    " offer %s KEYS.TXT --root ROOT.PUB --inbox NAME OFFER.TXT\n",
		    a->path);
	return tool_done("init");
}

int
cmd_init(int argc, char **argv)
{
	static const struct option options[] = {{"instance", required_argument, NULL, 'i'},
	    {"without-root", no_argument, NULL, 'w'},
	    {"passphrase-file", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {0}};
	struct init_args a = {.has_root = true};
	struct init_keys keys = {0};
	struct tool_fault f = {0};
	int c;

	while ((c = tool_option("init", argc, argv, options)) != -1)
		switch (c) {
		case 'i': a.instance = optarg; break;
		case 'w': a.has_root = false; break;
		case 'p': a.passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 1)
		return tool_wrong("init", "name one folder, KEYS");
	a.path = argv[optind];
	if (a.instance == NULL)
		return tool_wrong("init", "--instance is missing");
	if (!schedule_is_instance(a.instance, strlen(a.instance)))
		return tool_wrong("init", "\"%s\" isn't a version 3 onion address", a.instance);
	if (init(&a, &keys, &f) != ERR_OK)
		return tool_report("init", &f);
	return report(&a, &keys);
}
