#include "cmd.h"

#include <getopt.h>
#include <string.h>

#include "base/clock.h"
#include "renew.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " revoke KEYS --inbox NAME --epoch N [--passphrase-file FILE]\n"
    "       " TOOL_PROGRAM " revoke KEYS --all | --lost | --reply-key | --desk KEY\n"
    "           [--passphrase-file FILE]\n"
    "\n"
    "After a theft: makes new keys for epochs that aren't over, lists the old ones as\n"
    "revoked, tests all and signs the next schedule. Carry it to the server at once: until\n"
    "then submissions are sealed to the stolen keys. The old keys stay in the key store,\n"
    "to open what was sealed to them.\n"
    "\n"
    "  --inbox NAME            the inbox whose keys were stolen\n"
    "  --epoch N               the epoch; N-M is a range, and N- is N and all later ones\n"
    "  --all                   all inboxes and epochs, and the reply key of this desk: the key\n"
    "                          store or a copy was stolen\n"
    "  --reply-key             only the reply key of this desk: a new one takes its place\n"
    "  --desk KEY              the reply key (RW...) of another desk is listed no more\n"
    "  --lost                  all epochs whose key isn't in the key store any more: after a\n"
    "                          restore from a backup that was too old; other desks' keys stay\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct revoke_args {
	const char *inbox, *epoch;
	const char *desk;
	bool is_all, is_lost, is_reply;
};

/* What to replace, or NULL and what is wrong with the command line. */
static const char *
parse_range(const struct revoke_args *a, struct replace_range *out)
{
	*out = (struct replace_range){
	    .first = 1, .last = a->is_lost ? 0 : UINT32_MAX, .takes_unlisted = true};
	if (a->is_all + a->is_lost + a->is_reply + (a->desk != NULL) > 0)
		return a->inbox == NULL && a->epoch == NULL &&
			       a->is_all + a->is_lost + a->is_reply + (a->desk != NULL) == 1
			   ? NULL
			   : "--all, --lost, --reply-key and --desk need nothing else";
	if (a->inbox == NULL || a->epoch == NULL)
		return "say --inbox and --epoch, or --all, --lost, --reply-key or --desk";
	if (!schedule_is_inbox_name(a->inbox, strlen(a->inbox)))
		return "an inbox name is 1 to 24 of a-z, 0-9 and -";
	if (replace_range_parse(a->epoch, out) != ERR_OK)
		return "--epoch is a number, or N-M, or N-";
	out->inbox = a->inbox;
	return NULL;
}

static int
run_revoke(struct renew_request *q)
{
	struct tool_fault f = {0};
	struct renew r;
	enum err e;

	/* Only what is needed for uploads to go on; no other epoch is added. */
	q->plan.epochs = 1;
	q->plan.today = clock_today();
	if ((e = renew_run(&r, q, &f)) == ERR_OK)
		renew_print(&r);
	renew_wipe(&r);
	return e == ERR_OK ? tool_done("revoke") : tool_report("revoke", &f);
}

int
cmd_revoke(int argc, char **argv)
{
	static const struct option options[] = {{"inbox", required_argument, NULL, 'i'},
	    {"epoch", required_argument, NULL, 'e'}, {"all", no_argument, NULL, 'a'},
	    {"lost", no_argument, NULL, 'l'}, {"passphrase-file", required_argument, NULL, 'p'},
	    {"reply-key", no_argument, NULL, 'r'}, {"desk", required_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct renew_request q = {0};
	struct minisign_key desk;
	struct replace_range range;
	struct revoke_args a = {0};
	const char *wrong;
	int c;

	while ((c = tool_option("revoke", argc, argv, options)) != -1)
		switch (c) {
		case 'i': a.inbox = optarg; break;
		case 'e': a.epoch = optarg; break;
		case 'a': a.is_all = true; break;
		case 'l': a.is_lost = true; break;
		case 'r': a.is_reply = true; break;
		case 'd': a.desk = optarg; break;
		case 'p': q.passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 1)
		return tool_wrong("revoke", "name one folder, KEYS");
	if ((wrong = parse_range(&a, &range)) != NULL)
		return tool_wrong("revoke", "%s", wrong);
	q.path = argv[optind];
	if (a.desk != NULL && minisign_key_parse(&desk, a.desk, strlen(a.desk)) != ERR_OK)
		return tool_wrong("revoke", "--desk is a key as show prints it, RW...");
	q.is_revoke = true;
	q.replace = a.is_reply || a.desk != NULL ? NULL : &range;
	q.replaces_reply = a.is_all || a.is_reply;
	q.drop = a.desk == NULL ? NULL : &desk;
	q.replaces_lost = a.is_lost;
	return run_revoke(&q);
}
