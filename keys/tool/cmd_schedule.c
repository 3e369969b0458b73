#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "renew.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " schedule KEYS [--inbox 'NAME=TITLE']... [--from DATE] [--days N]\n"
    "           [--epochs N] [--with OFFER]... [--desk KEY] [--passphrase-file FILE]\n"
    "\n"
    "Makes the epoch keys that are missing, seals and opens a test file with every one,\n"
    "and then signs the next schedule into KEYS/publish. Carry that folder to the server.\n"
    "Run it again at any time: it extends what exists, and changes nothing when nothing\n"
    "is missing.\n"
    "\n"
    "  --inbox 'NAME=TITLE'    a new inbox, or a new title; NAME is a-z, 0-9 and -\n"
    "  --from DATE             first day (YYYY-MM-DD) of a new inbox; default: today\n"
    "  --days N                length of new epochs; default: as before, at first 14\n"
    "  --epochs N              how many shall lie ahead, today's included; default: 26\n"
    "  --with OFFER            add another desk's keys (see: " TOOL_PROGRAM " offer --help)\n"
    "  --desk KEY              that desk's reply key (RW...), the first time\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

/* ---- the command line */

/* "name=Title". NULL, or what is wrong with it. */
static const char *
add_inbox(struct plan_request *r, const char *arg)
{
	const char *equals = strchr(arg, '=');
	struct schedule_inbox in = {0};
	size_t i, len;

	if (equals == NULL)
		return "an inbox is given as 'NAME=TITLE'";
	len = (size_t)(equals - arg);
	if (!schedule_is_inbox_name(arg, len))
		return "an inbox name is 1 to 24 of a-z, 0-9 and -";
	memcpy(in.name, arg, len);
	if (strcmp(in.name, SCHEDULE_UNKNOWN) == 0)
		return "no inbox may have the name \"" SCHEDULE_UNKNOWN
		       "\": in lists it stands for any";
	if (!schedule_is_title(equals + 1, strlen(equals + 1)))
		return "an inbox title is 1 to 120 bytes of UTF-8 without invisible characters";
	memcpy(in.title, equals + 1, strlen(equals + 1));
	for (i = 0; i < r->n_inboxes; i++)
		if (strcmp(r->inboxes[i].name, in.name) == 0)
			return "two inboxes have the same name";
	if (r->n_inboxes == LIMIT_INBOXES)
		return "too many inboxes";
	r->inboxes[r->n_inboxes++] = in;
	return NULL;
}

static const char *
take_option(struct renew_request *q, int c)
{
	switch (c) {
	case 'i': return add_inbox(&q->plan, optarg);
	case 'f':
		q->plan.has_from = true;
		if (date_parse(optarg, strlen(optarg), &q->plan.from) != ERR_OK)
			return "--from is a real day, YYYY-MM-DD";
		return NULL;
	case 'd':
		if (tool_number(optarg, 1, LIMIT_EPOCH_DAYS, &q->plan.days) != ERR_OK)
			return "--days is a number from 1 to 366";
		return NULL;
	case 'e':
		if (tool_number(optarg, 1, PLAN_EPOCHS_MAX, &q->plan.epochs) != ERR_OK)
			return "--epochs is a number from 1 to 1024";
		return NULL;
	case 'w':
		if (q->n_offers == RENEW_OFFERS_MAX)
			return "too many offers";
		q->offers[q->n_offers++] = optarg;
		return NULL;
	case 'k':
		q->has_desk = true;
		if (minisign_key_parse(&q->desk, optarg, strlen(optarg)) != ERR_OK)
			return "--desk is a reply key, one line that begins with RW";
		return NULL;
	case 'p': q->passphrase_file = optarg; return NULL;
	default: return "unknown option";
	}
}

int
cmd_schedule(int argc, char **argv)
{
	static const struct option options[] = {{"inbox", required_argument, NULL, 'i'},
	    {"from", required_argument, NULL, 'f'}, {"days", required_argument, NULL, 'd'},
	    {"epochs", required_argument, NULL, 'e'}, {"with", required_argument, NULL, 'w'},
	    {"desk", required_argument, NULL, 'k'},
	    {"passphrase-file", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {0}};
	struct renew_request q = {.plan = {.epochs = PLAN_EPOCHS}};
	struct tool_fault f = {0};
	struct renew r;
	enum err e;
	const char *wrong;
	int c;

	while ((c = tool_option("schedule", argc, argv, options)) != -1) {
		if (c == 'h')
			return tool_help(HELP);
		if (c == TOOL_WRONG_OPTION)
			return TOOL_USAGE;
		if ((wrong = take_option(&q, c)) != NULL)
			return tool_wrong("schedule", "%s", wrong);
	}
	if (argc - optind != 1)
		return tool_wrong("schedule", "name one folder, KEYS");
	q.path = argv[optind];
	q.plan.today = clock_today();
	if ((e = renew_run(&r, &q, &f)) == ERR_OK)
		renew_print(&r);
	renew_wipe(&r);
	return e == ERR_OK ? tool_done("schedule") : tool_report("schedule", &f);
}
