#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "parent/check.h"
#include "parent/check_walk.h"

/* One look at a store. */
struct check {
	const struct setup *setup;
	const struct cmd_args *args;
	struct link link;
	struct check_files files;
	struct check_walk walk;
	struct check_report report;
	struct op_check_is told;
	bool is_mended; /* a repair has done its work */
};

/* ---- what the store tells */

static enum err
ask_store(struct check *c, struct reason *why)
{
	struct wire_msg m = {.op = OP_CHECK, .fd = -1};
	enum err e;

	if ((e = link_ask(&c->link, &m, OP_CHECK_IS, why)) == ERR_OK)
		memcpy(&c->told, m.body, sizeof c->told);
	return e;
}

static enum err
judge_index(struct check *c)
{
	struct check_report *r = &c->report;

	bool is_news = c->args->is_repair && !c->is_mended;

	if (is_news && c->told.index_was != ERR_OK && c->told.index == ERR_OK)
		return check_say(r, CHECK_REPAIRED, NULL,
		    "The index was %s: it was made anew%s; %llu rows come from the files alone.",
		    c->told.index_was == ERR_NOTFOUND ? "lost" : "damaged",
		    c->told.index_was == ERR_NOTFOUND ? "" : ", and the damaged one kept",
		    (unsigned long long)c->told.rebuilt);
	if (is_news && c->told.rebuilt > 0)
		return check_say(r, CHECK_REPAIRED, NULL,
		    "%llu submissions that the index didn't know have a row again.",
		    (unsigned long long)c->told.rebuilt);
	if (c->told.index == ERR_NOTFOUND)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The index is lost. No submission is: start the server, or say check --repair.");
	if (c->told.index != ERR_OK)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The index is damaged. No submission is: end the server, and say check --repair.");
	return ERR_OK;
}

static enum err
judge_clock_and_room(struct check *c, struct reason *why)
{
	struct check_report *r = &c->report;
	struct op_status st;
	enum err e;

	if ((e = link_status(&c->link, &st, why)) != ERR_OK)
		return e;
	if (!st.is_clock_good &&
	    (e = check_say(r, CHECK_PROBLEM, NULL,
		 "The date jumped, or lies before the schedule's: set the clock, or say sealslotd "
		 "clock-ok.")) != ERR_OK)
		return e;
	if (st.serial == 0 &&
	    (e = check_say(r, CHECK_PROBLEM, NULL,
		 "There is no schedule of keys that may be used: publish one.")) != ERR_OK)
		return e;
	if (!st.is_writable)
		e = check_say(r, CHECK_PROBLEM, NULL, "The store can't be written.");
	else if (st.room == 0)
		e = check_say(r, CHECK_PROBLEM, NULL,
		    "The disk is full down to the reserve, or the day's bytes are used up.");
	if (e == ERR_OK && st.settle_wait != SETTLE_WAITS_NOT)
		e = check_say(r, CHECK_PROBLEM, NULL,
		    "The midnight settle wasn't done: the server's log and sealslotd status tell why.");
	return e;
}

/* ---- looking */

static enum err
look_at_items(struct check *c, struct reason *why)
{
	enum err e;

	if ((e = check_files_outside(&c->files, &c->report)) != ERR_OK ||
	    (e = ask_store(c, why)) != ERR_OK)
		return e;
	c->walk = (struct check_walk){.link = &c->link,
	    .files = &c->files,
	    .with_content = !c->args->is_quick,
	    /* Once: what is found after a repair is the verdict. */
	    .is_mending = c->args->is_repair && !c->is_mended,
	    .is_index_damaged = c->told.index != ERR_OK};
	return check_walk(&c->walk, &c->report, why);
}

static enum err
look(struct check *c, struct reason *why)
{
	enum err e;

	if ((e = check_files_open(c->setup, &c->files, why)) != ERR_OK)
		return e;
	if ((e = look_at_items(c, why)) == ERR_OK && (e = judge_index(c)) == ERR_OK &&
	    !c->told.is_transfer_good)
		e = check_say(&c->report, CHECK_PROBLEM, NULL,
		    "transfer.key and transfer.pub don't belong together, or can't be read: restore both "
		    "from the backup.");
	if (e == ERR_OK && (e = check_keys(c->setup, &c->report, why)) == ERR_OK)
		e = judge_clock_and_room(c, why);
	if (e != ERR_OK && why->text[0] == '\0')
		reason_sys(why, e, "Can't look at the store");
	return e;
}

/* What was found is mended: it is told, and what is left now is the verdict. */
static enum err
look_once_more(struct check *c, struct reason *why)
{
	struct check_report before = c->report;
	const struct check_line *line;
	size_t i, n = c->walk.mended;
	enum err e = ERR_OK;

	check_init(&c->report);
	check_files_close(&c->files);
	line = (const struct check_line *)(const void *)before.lines.p;
	for (i = 0; i < before.lines.len / sizeof *line && e == ERR_OK; i++)
		if (line[i].kind != CHECK_NOTICE)
			e = check_say(&c->report, CHECK_REPAIRED, NULL, "%s", line[i].text);
	check_wipe(&before);
	if (e == ERR_OK)
		e = check_say(&c->report, CHECK_REPAIRED, NULL,
		    "%zu items of the above were mended: rows without a file are gone, files that weren't "
		    "as they came are set aside as ID.damaged.",
		    n);
	c->is_mended = true;
	return e == ERR_OK ? look(c, why) : e;
}

/* ---- telling */

static void
print_text(const struct check *c)
{
	static const char *const kinds[CHECK_KINDS] = {"problem", "notice", "repaired"};
	const struct check_line *line = (const struct check_line *)(const void *)c->report.lines.p;
	size_t i;

	for (i = 0; i < c->report.lines.len / sizeof *line; i++)
		printf("%s: %s\n", kinds[line[i].kind], line[i].text);
	printf("%zu submission%s, %zu read: ", c->walk.rows, c->walk.rows == 1 ? "" : "s",
	    c->walk.read);
	if (c->report.n[CHECK_PROBLEM] == 0)
		printf("all is well.\n");
	else
		printf("%zu problem%s.\n", c->report.n[CHECK_PROBLEM],
		    c->report.n[CHECK_PROBLEM] == 1 ? "" : "s");
}

static enum err
print_json(const struct check *c)
{
	const struct check_line *line = (const struct check_line *)(const void *)c->report.lines.p;
	json_t *lists[CHECK_KINDS], *o;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < CHECK_KINDS; i++)
		lists[i] = json_array();
	for (i = 0; i < c->report.lines.len / sizeof *line; i++)
		if (json_array_append_new(lists[line[i].kind], json_string(line[i].text)) != 0)
			e = ERR_NOMEM;
	o = json_pack("{s:b,s:I,s:I,s:I,s:o,s:o,s:o}", "serving", c->link.is_serving, "items",
	    (json_int_t)c->walk.rows, "read", (json_int_t)c->walk.read, "problem_count",
	    (json_int_t)c->report.n[CHECK_PROBLEM], "problems", lists[CHECK_PROBLEM], "notices",
	    lists[CHECK_NOTICE], "repaired", lists[CHECK_REPAIRED]);
	if (o == NULL)
		return ERR_NOMEM;
	if (e == ERR_OK && json_dumpf(o, stdout, JSON_COMPACT) != 0)
		e = ERR_SYS;
	putchar('\n');
	json_decref(o);
	return e;
}

static enum err
say_slow(struct check *c)
{
	const struct conf *conf = c->setup->conf;

	if (conf->max_upload_hours >= conf_slow_hours(conf))
		return ERR_OK;
	return check_say(&c->report, CHECK_NOTICE, NULL,
	    "An upload of max_upload takes a source with 10 kB a second %u hours, and "
	    "max_upload_hours is %u: such an upload is ended before it is complete.",
	    conf_slow_hours(conf), conf->max_upload_hours);
}

static enum err
check(struct check *c, struct reason *why)
{
	enum err e;

	if ((e = link_open(c->setup, &c->link, why)) != ERR_OK)
		return e;
	if (c->link.is_serving && c->args->is_repair)
		return reason_set(why, ERR_BUSY,
		    "A server is running: end it, then repair. Nothing was changed.");
	if ((e = look(c, why)) == ERR_OK && c->walk.mended > 0)
		e = look_once_more(c, why);
	if (e == ERR_OK && (e = say_slow(c)) != ERR_OK)
		reason_sys(why, e, "Can't write the report");
	if (e == ERR_OK && c->args->is_json && (e = print_json(c)) != ERR_OK)
		reason_sys(why, e, "Can't write the report");
	else if (e == ERR_OK && !c->args->is_json)
		print_text(c);
	return e;
}

int
cmd_check(const struct cmd *self, int argc, char **argv)
{
	struct check c = {.link = LINK_CLOSED, .files = {.root = -1, .items = -1}};
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_JSON | CMD_TAKES_REPAIR, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	s.care = args.is_repair ? OP_CARE_REPAIR : OP_CARE_CHECK;
	c.setup = &s;
	c.args = &args;
	check_init(&c.report);
	if (check(&c, &why) != ERR_OK)
		code = cmd_fail(&why);
	else
		code = c.report.n[CHECK_PROBLEM] > 0 ? CMD_WARNING : CMD_OK;
	check_files_close(&c.files);
	check_wipe(&c.report);
	link_close(&c.link);
	setup_wipe(&s);
	return code;
}
