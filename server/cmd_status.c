#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/limits.h"
#include "cmd.h"

/* What an admin should act on, in plain words; the exit code says that there is something. */
#define MAX_WARNINGS (8 + OP_ALARMS)

struct report {
	struct op_status st;
	bool is_serving;
	int32_t days; /* of keys left, today included */
	char warnings[MAX_WARNINGS][256];
	size_t n_warnings;
};

/* "3.4 GiB" */
static void
format_bytes(char out[static 32], uint64_t n)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double v = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		snprintf(out, 32, "%llu bytes", (unsigned long long)n);
		return;
	}
	for (; v >= 1024 && i + 1 < sizeof units / sizeof units[0]; i++)
		v /= 1024;
	snprintf(out, 32, "%.1f %s", v, units[i]);
}

static void
warn(struct report *r, const char *text)
{
	snprintf(r->warnings[r->n_warnings++], sizeof r->warnings[0], "%s", text);
}

static void
judge_keys(struct report *r)
{
	char end[DATE_DAY_LEN + 1], text[160];

	if (r->st.serial == 0) {
		warn(r,
		    "There is no schedule of keys: uploads are refused until sealslotd publish.");
		return;
	}
	r->days = r->st.keys_end - r->st.today;
	if (r->days <= 0) {
		r->days = 0;
		warn(r,
		    "Some inbox has no key for today: its uploads are refused. Publish a schedule.");
	} else if (r->days < LIMIT_WARN_DAYS) {
		date_format(end, r->st.keys_end);
		snprintf(text, sizeof text,
		    "From %s on uploads will be refused: make and publish a new schedule.", end);
		warn(r, text);
	}
}

static void
judge_settle(struct report *r)
{
	char need[32], text[200];

	if (r->st.settle_wait == SETTLE_WAITS_FOR_ROOM) {
		format_bytes(need, r->st.settle_need);
		snprintf(text, sizeof text,
		    "The midnight settle waits for %s of free room: until then the disk tells in which "
		    "order submissions came.",
		    need);
		warn(r, text);
	} else if (r->st.settle_wait == SETTLE_WAITS_FOR_REPAIR) {
		warn(r,
		    "The midnight settle failed, so the disk tells in which order submissions came: "
		    "sealslotd check tells more.");
	}
}

/* What happened with answer bundles on their way here. */
static void
judge_alarms(struct report *r)
{
	static const char *const texts[OP_ALARMS] = {
	    [OP_ALARM_FORGED] = "An answer bundle came that no desk of this instance signed",
	    [OP_ALARM_REPLAYED] =
		"An old answer bundle came again, or another one under its number",
	    [OP_ALARM_CHANGED] =
		"An answer bundle was cut off or changed on its way, or wasn't one",
	    [OP_ALARM_MISMATCH] = "A receipt isn't for what is stored here; it was kept",
	    [OP_ALARM_AGAIN] = "A desk's last answer bundle was imported once more",
	};
	char day[DATE_DAY_LEN + 1], text[256];
	const struct op_alarm *a;
	size_t i;

	for (i = 0; i < OP_ALARMS; i++) {
		a = &r->st.alarms[i];
		if (a->times == 0)
			continue;
		date_format(day, a->day);
		snprintf(text, sizeof text,
		    "%s (%u time%s, last on %s%s%.*s). Nothing was deleted. Once you know why: "
		    "sealslotd status --seen.",
		    texts[i], a->times, a->times == 1 ? "" : "s", day, a->id[0] == '\0' ? "" : ": ",
		    RANDOM_ID_LEN, a->id);
		warn(r, text);
	}
}

static void
judge(struct report *r)
{
	judge_keys(r);
	if (r->st.is_index_damaged)
		warn(r,
		    "The index is damaged. No submission is: end the server, and say sealslotd check "
		    "--repair.");
	if (!r->st.is_clock_good)
		warn(r,
		    "The date jumped, or lies before the schedule's: uploads are refused. Set the "
		    "clock, or say sealslotd clock-ok.");
	if (!r->st.is_writable)
		warn(r, "The store can't be written: uploads are refused.");
	else if (r->st.room == 0)
		warn(r,
		    "The disk is full down to the reserve, or the day's bytes (max_day) are used "
		    "up: uploads are refused.");
	judge_settle(r);
	judge_alarms(r);
}

static void
print_text(const struct report *r)
{
	char bytes[32], room[32], day[DATE_DAY_LEN + 1];
	size_t i;

	format_bytes(bytes, r->st.bytes);
	format_bytes(room, r->st.room);
	printf("Server:      %s\n", r->is_serving ? "running" : "not running");
	if (r->st.serial != 0)
		printf("Keys:        %d days left (schedule %u)\n", r->days, r->st.serial);
	else
		printf("Keys:        none\n");
	printf("Submissions: %llu (%s)\n", (unsigned long long)r->st.items, bytes);
	printf("Room:        for an upload of up to %s\n", room);
	printf("Bundles:     %u exported\n", r->st.exports);
	if (r->st.settled != 0) {
		date_format(day, r->st.settled);
		printf("Settled:     all days before %s\n", day);
	}
	if (r->st.clock_oks > 0)
		printf("Clock:       declared right %u times\n", r->st.clock_oks);
	for (i = 0; i < r->n_warnings; i++)
		printf("warning: %s\n", r->warnings[i]);
}

static enum err
print_json(const struct report *r)
{
	json_t *warnings = json_array(), *o;
	char day[DATE_DAY_LEN + 1] = "";
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->n_warnings; i++)
		if (json_array_append_new(warnings, json_string(r->warnings[i])) != 0)
			e = ERR_NOMEM;
	if (r->st.settled != 0)
		date_format(day, r->st.settled);
	o = json_pack("{s:b,s:i,s:I,s:I,s:I,s:I,s:b,s:I,s:I,s:s,s:b,s:o}", "serving", r->is_serving,
	    "keys_days", (int)r->days, "schedule", (json_int_t)r->st.serial, "items",
	    (json_int_t)r->st.items, "bytes", (json_int_t)r->st.bytes, "room",
	    (json_int_t)r->st.room, "clock_ok", r->st.is_clock_good != 0, "clock_oks",
	    (json_int_t)r->st.clock_oks, "bundles", (json_int_t)r->st.exports, "settled_before",
	    day, "settle_waits", r->st.settle_wait != 0, "warnings", warnings);
	if (o == NULL)
		return ERR_NOMEM;
	if (e == ERR_OK && json_dumpf(o, stdout, JSON_COMPACT) != 0)
		e = ERR_SYS;
	putchar('\n');
	json_decref(o);
	return e;
}

static enum err
ask(const struct setup *s, struct report *r, struct reason *why)
{
	struct link l = LINK_CLOSED;
	enum err e;

	*r = (struct report){0};
	if ((e = link_open(s, &l, why)) != ERR_OK)
		return e;
	if ((e = link_status(&l, &r->st, why)) == ERR_OK) {
		r->is_serving = l.is_serving;
		judge(r);
	}
	link_close(&l);
	return e;
}

/* They were shown. One that was raised in between is shown no more, but its verb told of it. */
static enum err
forget_alarms(const struct setup *s, struct reason *why)
{
	struct wire_msg m = {.op = OP_ALARMS_SEEN, .fd = -1};
	struct link l = LINK_CLOSED;
	enum err e;

	fflush(stdout);
	if ((e = link_open(s, &l, why)) == ERR_OK)
		e = link_ask(&l, &m, OP_RESULT, why);
	link_close(&l);
	return e;
}

int
cmd_status(const struct cmd *self, int argc, char **argv)
{
	struct reason why = {""};
	struct cmd_args args;
	struct report r;
	struct setup s;
	enum err e;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_JSON | CMD_TAKES_SEEN, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	e = ask(&s, &r, &why);
	if (e == ERR_OK && args.is_json && (e = print_json(&r)) != ERR_OK)
		reason_sys(&why, e, "Can't write the status");
	else if (e == ERR_OK && !args.is_json)
		print_text(&r);
	if (e == ERR_OK && args.is_seen)
		e = forget_alarms(&s, &why);
	setup_wipe(&s);
	if (e != ERR_OK)
		return cmd_fail(&why);
	return r.n_warnings > 0 ? CMD_WARNING : CMD_OK;
}
