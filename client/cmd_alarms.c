#include <string.h>

#include "alarm.h"
#include "base/text.h"
#include "cmd.h"

#define OUT_MAX (64 * LIMIT_MIB)

static int
put_aside(struct vault *v, const char *number)
{
	uint64_t n = 0;
	enum err e;

	if (text_number(number, strlen(number), UINT32_MAX, &n) != ERR_OK) {
		cmd_fail(number, "this isn't the number of an alarm.");
		return CMD_USAGE;
	}
	if ((e = alarm_put_aside(&v->catalog, (uint32_t)n)) == ERR_NOTFOUND)
		return cmd_fail(number, "there is no alarm of this number.");
	if (e == ERR_OK)
		e = vault_commit(v);
	if (e != ERR_OK)
		return cmd_fail(NULL, "the ledger can't be written: %s.", cmd_why_todo(e));
	return CMD_DONE;
}

static enum err
put_alarm(struct buf *out, const struct catalog_alarm *a)
{
	char day[DATE_DAY_LEN + 1];
	enum err e;

	date_format(day, a->day);
	if ((e = buf_addf(out, "%u  %s  ", a->number, day)) != ERR_OK ||
	    (e = alarm_text(out, a)) != ERR_OK)
		return e;
	if (a->seen == 0)
		return buf_add_str(out, "\n");
	date_format(day, a->seen);
	return buf_addf(out, " [settled on %s]\n", day);
}

static int
list(const struct vault *v)
{
	const struct catalog *c = &v->catalog;
	enum err e = ERR_OK;
	struct buf out;
	size_t i;

	buf_init(&out, OUT_MAX);
	for (i = 0; e == ERR_OK && i < c->n_alarms; i++)
		e = put_alarm(&out, &c->alarms[i]);
	if (e == ERR_OK && c->n_alarms == 0)
		e = buf_add_str(&out, "There was never an alarm in this vault.\n");
	cmd_flush(&out);
	buf_wipe(&out);
	return e == ERR_OK ? CMD_DONE : cmd_fail(NULL, "%s.", cmd_why_todo(e));
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	int code;

	code = o->seen == NULL ? cmd_open(o, &v) : cmd_open_write(o, &v);
	if (code == CMD_DONE && o->seen != NULL)
		code = put_aside(v, o->seen);
	if (code == CMD_DONE)
		code = list(v);
	vault_free(v);
	return code;
}

const struct cmd cmd_alarms = {
    .name = "alarms",
    .usage = "VAULT [--seen NUMBER]",
    .summary = "show all alarms, also the settled ones",
    .help = "An alarm stands above every list until somebody has settled it and says so.\n"
	    "\n"
	    "  --seen NUMBER           this one is settled\n",
    .options = CMD_OPT_SEEN,
    .run = run,
};
