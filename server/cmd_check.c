#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd.h"
#include "parent/check.h"
#include "parent/rows.h"

#define SETTLING_SEC 2 /* a commit, or a deletion, that was seen half-way is done by then */

/* One look at a store. */
struct check {
	const struct setup *setup;
	const struct cmd_args *args;
	struct link link;
	struct check_files files;
	struct check_report report;
	struct op_check_is told;
	struct buf rows;  /* struct op_export_item each */
	struct buf mends; /* struct op_mend each */
};

/* ---- what the store tells */

static enum err
get_rows(struct check *c, struct reason *why)
{
	struct wire_msg m = {.op = OP_CHECK, .fd = -1};
	enum err e;

	if ((e = link_ask(&c->link, &m, OP_CHECK_IS, why)) == ERR_LIMIT)
		return reason_set(why, e,
		    "There are more than %d submissions, and check can't compare more: none was looked "
		    "at. They get fewer when desks confirm what they have: export them in parts, by days, "
		    "with --until, and import the desks' answers.",
		    LIMIT_BUNDLE_ITEMS);
	if (e != ERR_OK)
		return e;
	memcpy(&c->told, m.body, sizeof c->told);
	e = rows_read(m.fd, &c->rows, why);
	io_close(&m.fd);
	/* What was read of a damaged index may be anything. */
	return e == ERR_FORMAT && c->told.index != ERR_OK ? ERR_OK : e;
}

static enum err
judge_index(struct check *c)
{
	struct check_report *r = &c->report;

	if (c->args->is_repair && c->told.index_was != ERR_OK && c->told.index == ERR_OK)
		return check_say(r, CHECK_REPAIRED, NULL,
		    "The index was %s: it was made anew%s; %llu rows come from the files alone.",
		    c->told.index_was == ERR_NOTFOUND ? "lost" : "damaged",
		    c->told.index_was == ERR_NOTFOUND ? "" : ", and the damaged one kept",
		    (unsigned long long)c->told.rebuilt);
	if (c->args->is_repair && c->told.rebuilt > 0)
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

/* ---- looking, mending */

static enum err
compare(struct check *c, size_t *orphans)
{
	const struct check_compare how = {.rows = &c->rows,
	    .with_content = !c->args->is_quick,
	    .mends = c->args->is_repair ? &c->mends : NULL,
	    .is_index_gone = c->told.index != ERR_OK};

	return check_files_compare(&c->files, &how, &c->report, orphans);
}

/* What is only half there in a running server is looked at once more. */
static enum err
look_at_items(struct check *c, struct reason *why)
{
	struct check_report first;
	size_t orphans = 0;
	enum err e;

	if ((e = check_files_outside(&c->files, &c->report)) != ERR_OK ||
	    (e = get_rows(c, why)) != ERR_OK)
		return e;
	first = c->report;
	check_init(&c->report);
	if ((e = compare(c, &orphans)) == ERR_OK && orphans > 0 && c->link.is_serving) {
		check_wipe(&c->report);
		check_init(&c->report);
		sleep(SETTLING_SEC);
		buf_wipe(&c->files.files);
		check_wipe(&first);
		check_init(&first);
		if ((e = check_files_outside(&c->files, &first)) == ERR_OK &&
		    (e = get_rows(c, why)) == ERR_OK)
			e = compare(c, &orphans);
	}
	if (e == ERR_OK)
		e = buf_add(&first.lines, c->report.lines.p, c->report.lines.len);
	for (size_t k = 0; k < CHECK_KINDS; k++)
		first.n[k] += c->report.n[k];
	check_wipe(&c->report);
	c->report = first;
	return e;
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

/* Mends what was found, then looks again: what is left is the verdict. */
static enum err
mend(struct check *c, struct reason *why)
{
	struct wire_msg m = {.op = OP_MEND, .fd = -1};
	struct check_report before = c->report;
	const struct check_line *line;
	size_t i, n = c->mends.len / sizeof(struct op_mend);
	int list = -1;
	enum err e;

	if ((e = wire_memfd(c->mends.p, c->mends.len, &list)) != ERR_OK)
		return reason_sys(why, e, "Can't hand over what is to be mended");
	m.fd = list;
	e = link_ask(&c->link, &m, OP_RESULT, why);
	io_close(&list);
	if (e != ERR_OK)
		return e;
	check_init(&c->report);
	buf_wipe(&c->mends);
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
	c->told.index_was = ERR_OK; /* told already */
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
	printf("%zu submissions, %zu read: ", c->rows.len / sizeof(struct op_export_item),
	    c->files.read);
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
	    (json_int_t)(c->rows.len / sizeof(struct op_export_item)), "read",
	    (json_int_t)c->files.read, "problem_count", (json_int_t)c->report.n[CHECK_PROBLEM],
	    "problems", lists[CHECK_PROBLEM], "notices", lists[CHECK_NOTICE], "repaired",
	    lists[CHECK_REPAIRED]);
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
	if ((e = look(c, why)) == ERR_OK && c->mends.len > 0)
		e = mend(c, why);
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
	buf_init(&c.rows, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	buf_init(&c.mends, LIMIT_BUNDLE_ITEMS * sizeof(struct op_mend));
	if (check(&c, &why) != ERR_OK)
		code = cmd_fail(&why);
	else
		code = c.report.n[CHECK_PROBLEM] > 0 ? CMD_WARNING : CMD_OK;
	check_files_close(&c.files);
	check_wipe(&c.report);
	buf_wipe(&c.rows);
	buf_wipe(&c.mends);
	link_close(&c.link);
	setup_wipe(&s);
	return code;
}
