#include "alarm.h"
#include "cmd.h"
#include "item.h"

void
cmd_put_alarms(struct buf *out, const struct catalog *c, const char *vault)
{
	const struct catalog_alarm *a;
	char day[DATE_DAY_LEN + 1];
	size_t i;

	for (i = 0; i < c->n_alarms; i++) {
		a = &c->alarms[i];
		if (a->seen != 0)
			continue;
		date_format(day, a->day);
		if (buf_addf(out, "%sALARM %u%s (%s): ", cmd_red(), a->number, cmd_plain(), day) !=
			ERR_OK ||
		    alarm_text(out, a) != ERR_OK || buf_add_str(out, "\n") != ERR_OK)
			return;
	}
	if (alarm_count(c) == 0 ||
	    buf_add_str(out, "Once an alarm is settled, put it aside: " CMD_PROGRAM " alarms ") !=
		ERR_OK)
		return;
	cmd_put(out, vault);
	if (buf_add_str(out, " --seen NUMBER\n\n") != ERR_OK)
		return;
}

const char *
cmd_state_text(enum catalog_state s)
{
	switch (s) {
	case CATALOG_OPENED: return "";
	case CATALOG_NO_KEY: return "can't be opened: the key store has no key for it";
	case CATALOG_FOREIGN: return "not written by our server; try stock tools at your own risk";
	case CATALOG_DAMAGED: return "can't be opened: it was damaged before the server sent it";
	case CATALOG_MISSING: return "never arrived: the server listed it, no bundle brought it";
	case CATALOG_STATES: break;
	}
	return "";
}

static const struct {
	const char *name, *text;
} flags[CATALOG_FLAGS] = {
    {"id", "Its manifest carries the id of another submission."},
    {"instance", "Its manifest names another instance than ours."},
    {"manifest", "Its manifest is malformed, or isn't that of its files."},
    {"epoch", "Inbox or epoch in its manifest aren't those of the key that opened it."},
    {"recipients", "It is sealed to other recipients than manifest and key schedule say."},
    {"no-schedule", "Its manifest names a key schedule that this vault has never seen."},
    {"old-schedule", "It was sealed under an older key schedule than others before it."},
    {"day", "It was received on another day than the server's list or its epoch say."},
    {"changed", "The server later sent another file under the same id."},
};

const char *
cmd_flag_text(size_t i)
{
	return flags[i].text;
}

const char *
cmd_flag_name(size_t i)
{
	return flags[i].name;
}

int
cmd_fail_item(const struct catalog_item *row, enum err e)
{
	enum catalog_state state;

	if (row->state == CATALOG_MISSING)
		return cmd_fail(row->id, "%s.", cmd_state_text(row->state));
	if (e == ERR_NOTFOUND)
		return cmd_fail(row->id, "its file is gone from the vault. Import a bundle that "
					 "has it, or restore a backup.");
	if (e == ERR_NOMATCH && row->state == CATALOG_OPENED)
		return cmd_fail(row->id,
		    "the key of epoch %u of inbox %s is gone: it was retired, and this wasn't kept.",
		    row->epoch, row->inbox);
	if (e == ERR_NOMATCH)
		return cmd_fail(row->id, "the key store has no key for epoch %u of inbox %s.",
		    row->epoch, row->inbox);
	if (item_state_of(e, &state))
		return cmd_fail(row->id,
		    "it can't be opened: %s. `verify` tells whether it is "
		    "what the server sent.",
		    err_text(e));
	if (e == ERR_SYS)
		return cmd_fail(row->id,
		    "it can't be read: %s. Try again; if it stays so, the medium fails: import a "
		    "bundle that has it again, or restore a backup on another medium.",
		    cmd_why(e));
	return cmd_fail(row->id, "%s.", cmd_why_todo(e));
}
