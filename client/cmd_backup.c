#include <stdio.h>
#include <unistd.h>

#include "backup.h"
#include "cmd.h"

struct view {
	bool is_drawn;
	unsigned percent;
};

static void
clear(struct view *w)
{
	if (w->is_drawn)
		fputs("\r\033[K", stderr);
	w->is_drawn = false;
}

static void
show_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct view *w = ctx;
	unsigned percent = total == 0 ? 100 : (unsigned)(done / ((total + 99) / 100));

	if (!isatty(STDERR_FILENO) || (w->is_drawn && percent == w->percent))
		return;
	fprintf(
	    stderr, "\r\033[K%s, %u %%", 2 * done <= total ? "writing" : "reading back", percent);
	w->percent = percent;
	w->is_drawn = true;
}

static void
take_note(void *ctx, const char *id)
{
	clear(ctx);
	cmd_fail(id,
	    "isn't what the server sent any more. It is in the backup as it is; the server "
	    "gets no receipt for it. `verify` tells more.");
}

static int
fail(const char *path, enum err e, const struct backup_report *r)
{
	if (r->unread[0] != '\0')
		return cmd_fail(r->unread,
		    "this file of the vault can't be read: %s. No backup was made. `verify` tells "
		    "what else can't; import a bundle that has it again.",
		    cmd_why(e));
	if (e == ERR_EXISTS)
		return cmd_fail(path, "a file of this name is there already, and nothing is ever "
				      "overwritten.");
	if (e == ERR_USAGE)
		return cmd_fail(path, "this names no file. Name the backup to make.");
	if (e == ERR_NOSPACE && r->why == NULL)
		return cmd_fail(path, "there isn't room for it. No backup was made.");
	if (r->why != NULL && e == ERR_AUTH)
		return cmd_fail(path, "%s. No backup was made.", r->why);
	if (r->why != NULL)
		return cmd_fail(path, "%s: %s.", r->why, cmd_why_todo(e));
	return cmd_fail(path, "%s. No backup was made.", cmd_why_todo(e));
}

static int
run(const struct cmd_options *o)
{
	struct view w = {false, 0};
	struct backup_events ev = {&w, take_note, show_progress};
	struct backup_report r = {0};
	char size[CMD_SIZE_ROOM];
	struct vault *v = NULL;
	enum err e;
	int code;

	if ((code = cmd_open_write(o, &v)) != CMD_DONE)
		return code;
	e = backup_write(v, o->args[0], &ev, &r);
	clear(&w);
	if (e != ERR_OK)
		code = fail(o->args[0], e, &r);
	else
		printf(
		    "The backup has %zu submission%s, %s, and was read back without an error.\n"
		    "It opens with this key store and its passphrase: keep a backup of that, too\n"
		    "(sealslot-keys backup).\n",
		    r.items + r.differ, r.items + r.differ == 1 ? "" : "s",
		    cmd_size(size, r.bytes));
	if (code == CMD_DONE && r.differ > 0)
		code = CMD_FAILED;
	vault_free(v);
	return code;
}

const struct cmd cmd_backup = {
    .name = "backup",
    .usage = "VAULT FILE",
    .summary = "the whole vault as one sealed file",
    .help =
	"Writes everything that the vault has, sealed to its key store, and reads it back. Only\n"
	"what a backup has gets a receipt, after which the server may delete it (see `outbox`).\n"
	"Keep it on a medium of its own. FILE isn't there before, and appears only when it is\n"
	"complete.\n"
	"\n"
	"Exit code 1 with a backup made: a submission in it isn't what the server sent.\n",
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
