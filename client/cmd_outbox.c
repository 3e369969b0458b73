#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"
#include "outbox.h"

#define OUT_MAX (32 * LIMIT_MIB)

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static enum err
put_replies(struct buf *out, const struct vault *v)
{
	const struct post *p = &v->catalog.post;
	char day[DATE_DAY_LEN + 1], size[CMD_SIZE_ROOM];
	size_t digits = catalog_id_digits(&v->catalog), i;
	enum err e = ERR_OK;

	for (i = 0; i < p->n_replies && e == ERR_OK; i++) {
		if (p->replies[i].serial != 0)
			continue;
		date_format(day, p->replies[i].day);
		e = buf_addf(out, "reply of %s to %.*s, %s sealed\n", day, (int)digits,
		    p->replies[i].to, cmd_size(size, p->replies[i].size));
	}
	return e;
}

static enum err
put_waiting(struct buf *out, const struct vault *v)
{
	struct outbox_waiting w;
	enum err e;

	outbox_count(v, &w);
	if ((e = put_replies(out, v)) != ERR_OK ||
	    (e = buf_addf(out, "%zu repl%s and %zu receipt%s wait to be sent.\n", w.replies,
		 w.replies == 1 ? "y" : "ies", w.receipts, plural(w.receipts))) != ERR_OK)
		return e;
	if (w.begun != 0)
		e = buf_addf(out,
		    "Answer bundle %u was begun, and may not have reached its medium: the next "
		    "`outbox` makes it again.\n",
		    w.begun);
	if (e == ERR_OK && w.no_backup > 0)
		e = buf_addf(out,
		    "%zu submission%s can't get a receipt yet: no backup of the vault has %s. Next: "
		    "`backup`.\n",
		    w.no_backup, plural(w.no_backup), w.no_backup == 1 ? "it" : "them");
	if (e == ERR_OK && w.incomplete > 0)
		e = buf_addf(out,
		    "%zu submission%s of the last day get%s a receipt after the import of a later "
		    "day's bundle.\n",
		    w.incomplete, plural(w.incomplete), w.incomplete == 1 ? "s" : "");
	return e;
}

static int
list(const struct vault *v)
{
	struct buf out;
	enum err e;

	buf_init(&out, OUT_MAX);
	e = put_waiting(&out, v);
	cmd_flush(&out);
	buf_wipe(&out);
	return e == ERR_OK ? CMD_DONE : cmd_fail(NULL, "%s.", cmd_why_todo(e));
}

static int
fail_write(const char *path, enum err e, const struct outbox_made *m)
{
	if (e == ERR_EXISTS)
		return cmd_fail(path, "a file of this name is there already, and nothing is ever "
				      "overwritten.");
	if (e == ERR_USAGE)
		return cmd_fail(path, "this names no file. Name the bundle: OUT.tar");
	if (m->why != NULL)
		return cmd_fail(path,
		    "the bundle couldn't be made: %s (%s). Nothing was sent, and "
		    "nothing is lost.",
		    m->why, cmd_why(e));
	return cmd_fail(path,
	    "the bundle couldn't be written: %s. Nothing is lost: the next `outbox` makes the same "
	    "one again.",
	    cmd_why(e));
}

static int
send(struct vault *v, const char *path, uint32_t after)
{
	struct outbox_made m = {0};
	struct outbox_waiting w;
	enum err e = outbox_write(v, path, after, &m);

	if (e == ERR_NOTFOUND && m.bundle.serial == 0) {
		puts(
		    "Nothing is waiting to be sent; no bundle was made. What one that was lost on its\n"
		    "way carried is sent once more with --again and its number.");
		return list(v);
	}
	if (e != ERR_OK)
		return fail_write(path, e, &m);
	if (m.given_up != 0)
		printf("Answer bundle %u was begun, and is given up: the server knows a later one. "
		       "If its file is somewhere, remove it.\n",
		    m.given_up);
	printf("Answer bundle %u is written: %u repl%s, %u receipt%s. Next, on the server: "
	       "sealslotd import\n",
	    m.bundle.serial, m.bundle.replies, m.bundle.replies == 1 ? "y" : "ies",
	    m.bundle.receipts, plural(m.bundle.receipts));
	outbox_count(v, &w);
	if (w.replies + w.receipts > 0)
		puts("It is full, and more is waiting: make another one.");
	return CMD_DONE;
}

static int
number(const char *option, const char *s, uint32_t *out)
{
	uint64_t n = 0;

	if (s != NULL && (text_number(s, strlen(s), UINT32_MAX - 1, &n) != ERR_OK || n == 0)) {
		cmd_fail(NULL, "outbox: %s wants the number of an answer bundle", option);
		return CMD_USAGE;
	}
	*out = (uint32_t)n;
	return CMD_DONE;
}

static int
repeat(struct vault *v, uint32_t serial)
{
	struct outbox_waiting w;
	enum err e;

	outbox_count(v, &w);
	if (w.begun == serial)
		return CMD_DONE; /* it is made again anyhow */
	if ((e = outbox_again(v, serial)) == ERR_NOTFOUND)
		return cmd_fail(NULL,
		    "this vault made no answer bundle %u, or what it carried was sent again "
		    "already.",
		    serial);
	return e == ERR_OK ? CMD_DONE : cmd_fail(NULL, "the ledger: %s.", cmd_why_todo(e));
}

static int
run(const struct cmd_options *o)
{
	uint32_t again = 0, after = 0;
	struct vault *v = NULL;
	enum err e;
	int code;

	if ((code = number("--again", o->again, &again)) != CMD_DONE ||
	    (code = number("--after", o->after, &after)) != CMD_DONE)
		return code;
	if (o->n_args == 0 && again == 0) {
		if ((code = cmd_open(o, &v)) == CMD_DONE)
			code = list(v);
		vault_free(v);
		return code;
	}
	if ((code = cmd_open_write(o, &v)) != CMD_DONE)
		return code;
	if ((e = outbox_sweep(v)) != ERR_OK)
		code = cmd_fail(o->vault, "the outbox: %s.", cmd_why_todo(e));
	if (code == CMD_DONE && again != 0)
		code = repeat(v, again);
	if (code == CMD_DONE)
		code = o->n_args == 0 ? list(v) : send(v, o->args[0], after);
	vault_free(v);
	return code;
}

const struct cmd cmd_outbox = {
    .name = "outbox",
    .usage = "VAULT [OUT.tar] [--again SERIAL] [--after SERIAL]",
    .summary = "make the bundle of replies and receipts for the server",
    .help =
	"Without OUT.tar: lists what is waiting. Receipts tell the server that it may delete a\n"
	"submission; they are given only for what a backup of the vault has (see `backup`), and\n"
	"only for days that are complete. A bundle that couldn't be written is made again by\n"
	"the next run, the same byte for byte; what was sent isn't sent again by itself.\n"
	"\n"
	"  --again SERIAL          that bundle was lost on its way: send what it carried again\n"
	"  --after SERIAL          the server knows a later bundle of this desk (after a restore);\n"
	"                          one that was begun with a lower serial is given up, and the new\n"
	"                          one carries what it had\n",
    .options = CMD_OPT_OUTBOX,
    .args_max = 1,
    .run = run,
};
