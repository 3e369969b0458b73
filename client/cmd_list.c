#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "cmd.h"
#include "cmd_json.h"
#include "display.h"

#define OUT_MAX     (512 * LIMIT_MIB)
#define TOPIC_WIDTH 24 /* columns of one topic's value */
#define INBOX_WIDTH 12

static int
by_arrival(const void *x, const void *y)
{
	const struct catalog_item *a = *(const struct catalog_item *const *)x;
	const struct catalog_item *b = *(const struct catalog_item *const *)y;
	int order;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	order = strcmp(a->received, b->received);
	return order != 0 ? order : strcmp(a->id, b->id);
}

/* Topics go last in a line: whatever their letters do, they hide nothing. */
static enum err
put_topics(struct buf *out, const struct catalog_item *i)
{
	const struct manifest_topic *t;
	enum err e = ERR_OK;
	size_t k;

	for (k = 0; e == ERR_OK && k < i->n_topics; k++) {
		t = &i->topics[k];
		if ((e = buf_addf(out, "%s%s: ", k == 0 ? "" : ", ", t->name)) == ERR_OK)
			e = display_cut(out, t->value, strlen(t->value), TOPIC_WIDTH);
	}
	return e;
}

static enum err
put_row(struct buf *out, const struct catalog_item *i, size_t digits, unsigned source)
{
	char day[DATE_DAY_LEN + 1], size[CMD_SIZE_ROOM];
	enum err e;

	date_format(day, i->day);
	if ((e = buf_addf(out, "%.*s  %-17s  %-*.*s  %5u  ", (int)digits, i->id,
		 i->received[0] == '\0' ? day : i->received, INBOX_WIDTH, INBOX_WIDTH, i->inbox,
		 i->epoch)) != ERR_OK)
		return e;
	if (i->state != CATALOG_OPENED)
		return buf_addf(out, "%s%s%s\n", cmd_red(), cmd_state_text(i->state), cmd_plain());
	if ((e = buf_addf(out, "%5u  %8s  ", i->files, cmd_size(size, i->bytes + i->message))) !=
	    ERR_OK)
		return e;
	if (i->flags != 0 &&
	    (e = buf_addf(out, "%sDOESN'T FIT%s: see show  ", cmd_red(), cmd_plain())) != ERR_OK)
		return e;
	if (source != 0 && (e = buf_addf(out, "source %u  ", source)) != ERR_OK)
		return e;
	if ((i->is_kept || i->reviewed != 0) &&
	    (e = buf_add_str(out, i->is_kept ? "kept  " : "done  ")) != ERR_OK)
		return e;
	if ((e = put_topics(out, i)) != ERR_OK)
		return e;
	return buf_add_str(out, "\n");
}

static enum err
put_rows(struct buf *out, const struct catalog *c)
{
	const struct catalog_item **order;
	size_t digits = catalog_id_digits(c), n = 0, i;
	struct cmd_source *sources = NULL;
	unsigned last = 0;
	enum err e;

	if (c->n_items == 0)
		return ERR_OK;
	if ((order = calloc(c->n_items, sizeof *order)) == NULL)
		return ERR_NOMEM;
	if ((e = cmd_sources(c, &sources, &n)) != ERR_OK)
		goto done;
	for (i = 0; i < c->n_items; i++)
		order[i] = c->items[i];
	qsort(order, c->n_items, sizeof *order, by_arrival);
	e = buf_addf(out, "%-*s  %-17s  %-*s  epoch  files      size  topics\n", (int)digits, "ID",
	    "received", INBOX_WIDTH, "inbox");
	for (i = 0; e == ERR_OK && i < c->n_items; i++)
		e = put_row(
		    out, order[i], digits, cmd_source_number(sources, n, order[i]->mailbox, &last));
done:
	free(sources);
	free(order);
	return e;
}

/* Files that an interrupted import has left without a row. */
static enum err
count_strays(const struct vault *v, size_t *strays, size_t *gone)
{
	const struct catalog *c = &v->catalog;
	char(*ids)[RANDOM_ID_LEN + 1] = NULL;
	size_t n = 0, i, rows = 0;
	const struct catalog_item *row;
	enum err e;

	*strays = *gone = 0;
	if ((e = vault_list_items(v, &ids, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++) {
		row = catalog_find(c, ids[i]);
		if (row == NULL || row->state == CATALOG_MISSING)
			(*strays)++;
		else
			rows++;
	}
	for (i = 0; i < c->n_items; i++)
		*gone += c->items[i]->state != CATALOG_MISSING;
	*gone -= rows;
	free(ids);
	return ERR_OK;
}

static enum err
put_sum(struct buf *out, const struct vault *v)
{
	const struct catalog *c = &v->catalog;
	size_t states[CATALOG_STATES] = {0}, flagged = 0, strays, gone, i;
	enum err e;

	for (i = 0; i < c->n_items; i++) {
		states[c->items[i]->state]++;
		flagged += c->items[i]->state == CATALOG_OPENED && c->items[i]->flags != 0;
	}
	if ((e = count_strays(v, &strays, &gone)) != ERR_OK ||
	    (e = buf_addf(out, "%s%zu submission%s", c->n_items == 0 ? "" : "\n",
		 c->n_items - states[CATALOG_MISSING],
		 c->n_items - states[CATALOG_MISSING] == 1 ? "" : "s")) != ERR_OK)
		return e;
	i = states[CATALOG_NO_KEY] + states[CATALOG_FOREIGN] + states[CATALOG_DAMAGED];
	if (i > 0)
		e = buf_addf(out, ", %zu can't be opened", i);
	if (e == ERR_OK && flagged > 0)
		e = buf_addf(out, ", %zu with something that doesn't fit", flagged);
	if (e == ERR_OK && states[CATALOG_MISSING] > 0)
		e = buf_addf(out, "; %zu never arrived", states[CATALOG_MISSING]);
	if (e == ERR_OK)
		e = buf_add_str(out, c->n_bundles == 0 ? ". No bundle was imported yet.\n" : ".\n");
	if (e == ERR_OK && strays > 0)
		e = buf_addf(out,
		    "%zu file%s can't be listed: an import was interrupted. Import the bundle "
		    "again.\n",
		    strays, strays == 1 ? "" : "s");
	if (e == ERR_OK && gone > 0)
		e = buf_addf(out,
		    "%zu file%s gone from the vault; `verify` names them. Import a bundle that "
		    "has them, or restore a backup.\n",
		    gone, gone == 1 ? " is" : "s are");
	return e;
}

static enum err
put_list(struct buf *out, const struct vault *v, const char *path)
{
	enum err e;

	cmd_put_alarms(out, &v->catalog, path);
	if ((e = put_rows(out, &v->catalog)) != ERR_OK)
		return e;
	return put_sum(out, v);
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	struct buf out;
	enum err e;
	int code;

	if ((code = cmd_open(o, &v)) != CMD_DONE)
		return code;
	buf_init(&out, OUT_MAX);
	e = o->is_json ? cmd_json_list(&out, v) : put_list(&out, v, o->vault);
	if (e == ERR_OK)
		cmd_flush(&out);
	else
		code = cmd_fail(o->vault, "the list can't be shown: %s.", cmd_why_todo(e));
	buf_wipe(&out);
	vault_free(v);
	return code;
}

const struct cmd cmd_list = {
    .name = "list",
    .usage = "VAULT [--json]",
    .summary = "all submissions, oldest first, and all alarms",
    .help = "Opens no submission: it reads the vault's ledger alone.\n"
	    "Submissions that came from one source, under the same codename, have the same number\n"
	    "behind \"source\".\n"
	    "\n"
	    "  --json                  for programs: one JSON object, ASCII only\n",
    .options = CMD_OPT_JSON,
    .run = run,
};
