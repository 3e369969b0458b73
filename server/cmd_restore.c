#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "cmd.h"
#include "parent/check_walk.h"
#include "parent/restore.h"

/* A row that came between the list and the snapshot of the index has no file here: it goes. */
static enum err
trim(const struct setup *s, const struct link *l, struct reason *why)
{
	struct check_files files = {.root = -1, .items = -1};
	struct check_walk walk = {.link = l, .files = &files, .is_mending = true};
	struct check_report r;
	enum err e;

	check_init(&r);
	if ((e = check_files_open(s, &files, why)) == ERR_OK &&
	    (e = check_files_outside(&files, &r)) != ERR_OK)
		reason_sys(why, e, "Can't look at the new store");
	if (e == ERR_OK)
		e = check_walk(&walk, &r, why);
	check_files_close(&files);
	check_wipe(&r);
	return e;
}

/* The new store is opened once, to be repaired: the index gets a row for every file. */
static enum err
complete(struct setup *s, struct reason *why)
{
	struct link l = LINK_CLOSED;
	enum err e;

	s->care = OP_CARE_REPAIR;
	if ((e = link_open(s, &l, why)) == ERR_OK)
		e = trim(s, &l, why);
	link_close(&l);
	return e;
}

/* Everything is there by then: another restore would be refused. */
static enum err
complete_restored(struct setup *s, struct reason *why)
{
	struct reason inner = {""};
	enum err e;

	if ((e = complete(s, &inner)) != ERR_OK)
		reason_set(why, e,
		    "%.300s%sThe store is restored in %s, but couldn't be looked through: put that right, "
		    "then say sealslotd check --repair.",
		    inner.text, inner.text[0] == '\0' ? "" : ". ", s->conf->store_path);
	return e;
}

static enum err
open_in(const char *path, int *fd, struct reason *why)
{
	enum err e;

	if (strcmp(path, "-") == 0) {
		*fd = STDIN_FILENO;
		return ERR_OK;
	}
	if ((e = io_open_file(AT_FDCWD, path, fd)) != ERR_OK)
		return reason_sys(why, e, "Can't open %s", path);
	return ERR_OK;
}

static void
report(const struct setup *s, const struct restore_result *r)
{
	char made[DATE_DAY_LEN + 1];

	date_format(made, r->made);
	printf(
	    "The store is restored in %s: %zu submission%s, as %s on %s.\n"
	    "Bundles that were exported after that day get their numbers again: the reviewers' next\n"
	    "import tells of it (\"went back\" or \"two bundles\"); tell them why.\n"
	    "Next: bring back tor's HiddenServiceDir with hs_ed25519_secret_key, or the onion address\n"
	    "is another one; then sealslotd check, publish (if there is a newer schedule), serve.\n",
	    s->conf->store_path, r->items, r->items == 1 ? "" : "s",
	    r->items == 1 ? "it was" : "they were", made);
}

int
cmd_restore(const struct cmd *self, int argc, char **argv)
{
	struct restore_result result;
	struct reason why = {""};
	struct cmd_args args;
	bool is_new = false;
	struct setup s;
	int code, in = -1;
	enum err e;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_OPERAND, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	/* What root alone can do: open the backup, make the folder. */
	if ((e = open_in(args.operand, &in, &why)) == ERR_OK &&
	    (e = setup_make_store(&s, &is_new, &why)) == ERR_OK &&
	    (e = setup_drop_root(&s)) != ERR_OK)
		reason_sys(&why, e, "Can't become the store's user");
	if (e == ERR_OK && (e = restore_run(&s, in, args.operand, &result, &why)) == ERR_OK)
		e = complete_restored(&s, &why);
	if (e == ERR_OK) {
		report(&s, &result);
		code = CMD_OK;
	} else {
		code = cmd_fail(&why);
	}
	io_close(&in);
	setup_wipe(&s);
	return code;
}
