#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "cmd.h"
#include "item.h"
#include "keep.h"

/* Nothing is left to be reviewed once the key is gone; and a kept one doesn't hold its key. */
static int
check_undo(struct vault *v, const struct catalog_item *row)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if (row->is_kept)
		return cmd_fail(row->id,
		    "it is kept, and counts as reviewed for that; --undo would have no effect. "
		    "Nothing was changed.");
	e = keep_open(v, row, &fd, &it);
	item_free(it);
	io_close(&fd);
	if (row->state == CATALOG_OPENED && (e == ERR_NOMATCH || e == ERR_NOTFOUND))
		return cmd_fail_item(row, e);
	return CMD_DONE;
}

/* What isn't here can't have been reviewed. *changed counts; one may be named twice, or be done. */
static int
mark(struct vault *v, const struct catalog_item *row, bool is_done, size_t *changed)
{
	struct catalog_item next = *row;
	enum err e;
	int code;

	if (row->state == CATALOG_MISSING)
		return cmd_fail(row->id,
		    "it never arrived, so nobody can have reviewed it. Import a "
		    "bundle that has it.");
	if (!is_done && (code = check_undo(v, row)) != CMD_DONE)
		return code;
	if ((row->reviewed != 0) == is_done)
		return CMD_DONE;
	next.reviewed = is_done ? clock_today() : 0;
	if ((e = catalog_put_review(&v->catalog, &next)) != ERR_OK)
		return cmd_fail(row->id, "%s.", cmd_why_todo(e));
	(*changed)++;
	return CMD_DONE;
}

/* All of them or none. */
static int
mark_all(struct vault *v, const struct cmd_options *o)
{
	const struct catalog_item *row;
	int code = CMD_DONE;
	size_t i, changed = 0;
	enum err e;

	for (i = 0; i < o->n_args && code == CMD_DONE; i++)
		if ((code = cmd_find(v, o->args[i], &row)) == CMD_DONE)
			code = mark(v, row, !o->is_undone, &changed);
	if (code != CMD_DONE)
		return code;
	if ((e = vault_commit(v)) != ERR_OK)
		return cmd_fail(NULL, "the ledger can't be written: %s.", cmd_why_todo(e));
	printf(o->is_undone ? "%zu to be reviewed again" : "%zu reviewed", changed);
	printf(changed < o->n_args ? "; nothing to change for %zu.\n" : ".\n", o->n_args - changed);
	return CMD_DONE;
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	int code;

	if ((code = cmd_open_write(o, &v)) == CMD_DONE)
		code = mark_all(v, o);
	vault_free(v);
	return code;
}

const struct cmd cmd_done = {
    .name = "done",
    .usage = "VAULT ID ... [--undo]",
    .summary = "mark submissions as reviewed: their key may go",
    .help = "Once all submissions of an epoch are done, sealslot-keys retire may destroy its key,\n"
	    "and they can never be opened again. What must stay readable: see keep.\n"
	    "\n"
	    "  --undo                  not reviewed after all; as long as the key exists, and not\n"
	    "                          for one that is kept\n",
    .options = CMD_OPT_UNDO,
    .args_min = 1,
    .args_max = 9999,
    .run = run,
};
