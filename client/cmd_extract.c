#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd.h"
#include "cmd_parts.h"
#include "extract.h"
#include "nested.h"
#include "keep.h"

#define OUT_MAX LIMIT_MIB

static int
open_target(const char *path, int *fd, bool *is_made)
{
	enum err e;

	*is_made = mkdir(path, 0700) == 0;
	if (!*is_made && errno != EEXIST)
		return cmd_fail(path, "the folder can't be made: %s.", cmd_why_todo(ERR_SYS));
	if ((e = io_open_dir(AT_FDCWD, path, fd)) == ERR_MODE)
		return cmd_fail(path, "this isn't a folder, or a link to one. Name the folder "
				      "itself.");
	return e == ERR_OK ? CMD_DONE : cmd_fail(path, "%s.", cmd_why_todo(e));
}

static int
choose(struct extract *x, const struct cmd_options *o)
{
	size_t i;

	if (o->n_args == 1 && extract_all(x) == ERR_OK)
		return CMD_DONE;
	for (i = 1; i < o->n_args; i++)
		if (extract_one(x, o->args[i]) != ERR_OK)
			return cmd_fail(o->args[i], "this submission has no such file. `show` "
						    "lists them with their numbers.");
	return CMD_DONE;
}

static int
fail_extract(const struct extract *x, enum err e, const char *to)
{
	const char *name = x->fault < x->n ? x->files[x->fault].name : to;

	if (e == ERR_EXISTS)
		return cmd_fail(name, "a file of this name is there already, and nothing is ever "
				      "overwritten. Name an empty folder. Nothing was extracted.");
	if (e == ERR_NOSPACE)
		return cmd_fail(to, "there isn't room for it. Nothing was extracted.");
	if (e == ERR_AUTH || e == ERR_PROFILE || e == ERR_TRUNCATED)
		return cmd_fail(name,
		    "it can't be extracted: %s. Nothing was extracted. "
		    "`verify` tells whether it is what the server sent.",
		    err_text(e));
	return cmd_fail(name, "%s. Nothing was extracted.", cmd_why_todo(e));
}

static const char *
nested_text(const struct extract_file *f)
{
	if (!f->is_nested)
		return "";
	if (f->nested == ERR_OK)
		return "  (the source had sealed it once more; this is what was inside)";
	if (f->nested == ERR_NOMATCH)
		return "  (sealed once more, but not to a key of ours; as it came)";
	return "  (sealed once more, but damaged: it can't be opened; as it came)";
}

static void
report(const struct extract *x)
{
	char size[CMD_SIZE_ROOM];
	struct buf out;
	size_t i;

	buf_init(&out, OUT_MAX);
	for (i = 0; i < x->n; i++) {
		if (buf_addf(&out, "%8s  ", cmd_size(size, x->files[i].member->size)) != ERR_OK)
			break;
		cmd_put(&out, x->files[i].name);
		if (buf_addf(&out, "%s\n", nested_text(&x->files[i])) != ERR_OK)
			break;
	}
	cmd_flush(&out);
	buf_wipe(&out);
}

static int
extract(struct item *it, const struct identity_set *ids, const struct cmd_options *o)
{
	struct extract x = {0};
	bool is_made = false;
	int dir = -1, code;
	enum err e;

	if ((e = extract_init(&x, it)) != ERR_OK)
		return cmd_fail(NULL, "%s.", cmd_why_todo(e));
	x.ids = ids;
	if ((code = choose(&x, o)) == CMD_DONE &&
	    (code = open_target(o->to, &dir, &is_made)) == CMD_DONE) {
		if ((e = extract_run(&x, dir)) == ERR_OK)
			report(&x);
		else
			code = fail_extract(&x, e, o->to);
	}
	if (code != CMD_DONE && is_made)
		rmdir(o->to);
	io_close(&dir);
	extract_wipe(&x);
	return code;
}

/* Only an age file inside asks for all keys. */
static enum err
nested_keys(struct vault *v, const struct item *it, const struct identity_set **ids)
{
	size_t i;

	for (i = 0; i < it->zip->n_members; i++)
		if (nested_is_age_member(it->zip, &it->zip->members[i]))
			return vault_identities(v, ids);
	return ERR_OK;
}

static void
tell_parts(struct vault *v, const struct catalog_item *row, const struct item *it, const char *path)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	if (cmd_parts_put(&out, v, path, row, it) == ERR_OK)
		cmd_flush(&out);
	buf_wipe(&out);
}

static int
open_and_extract(struct vault *v, const struct catalog_item *row, const struct cmd_options *o)
{
	const struct identity_set *ids = NULL;
	struct item *it = NULL;
	int fd = -1, code;
	enum err e;

	if ((e = keep_open(v, row, &fd, &it)) == ERR_OK && (e = nested_keys(v, it, &ids)) == ERR_OK)
		code = extract(it, ids, o);
	else
		code = cmd_fail_item(row, e);
	if (e == ERR_OK && code == CMD_DONE)
		tell_parts(v, row, it, o->vault);
	item_free(it);
	io_close(&fd);
	return code;
}

static int
run(const struct cmd_options *o)
{
	if (o->to == NULL) {
		cmd_fail(NULL, "extract: where to? Add --to DIR");
		return CMD_USAGE;
	}
	return cmd_on_item(o, open_and_extract);
}

const struct cmd cmd_extract = {
    .name = "extract",
    .usage = "VAULT ID --to DIR [MEMBER ...]",
    .summary = "write message and files of one submission into a folder",
    .help = "All of them, or only some: MEMBER is a file's number or name as `show` has it,\n"
	    "message.txt or manifest.json; a name that several files have means all of them.\n"
	    "Nothing gets its name before every byte of everything was verified; nothing is\n"
	    "overwritten; names keep their number and lose what could do harm. Open files only\n"
	    "in a viewer that you trust with them.\n"
	    "\n"
	    "  --to DIR                the folder; it is made if it isn't there\n",
    .options = CMD_OPT_TO,
    .args_min = 1,
    .args_max = 9999,
    .run = run,
};
