#include "cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "restore.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " restore FILE KEYS [--schedule KEYS.TXT] [--root ROOT.PUB]\n"
    "           [--passphrase-file FILE]\n"
    "\n"
    "Makes KEYS, a new folder, from a backup, and opens every key. When it is interrupted,\n"
    "the same command goes on where it stopped.\n"
    "\n"
    "  --schedule KEYS.TXT     the newest schedule, from the server (/keys and /keys.minisig):\n"
    "                          epochs that were retired since don't come back, and the next\n"
    "                          schedule follows that one\n"
    "  --root ROOT.PUB         the root key of that schedule; default: the backup's own. After\n"
    "                          new-root, a backup that is older needs the new root.pub here, and\n"
    "                          beside KEYS.TXT the statements root-*.txt\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

static void
print_result(const struct restore_request *q, const struct restore_result *r)
{
	printf("%s: restored, with %u epoch keys; each can be opened.\n", q->path, r->written);
	if (q->schedule != NULL)
		printf("%u keys of epochs that were retired since were left out.\n", r->left_out);
	else
		printf(
		    "If epochs were retired since that backup was made, their keys are back now: restore\n"
		    "with --schedule instead, and destroy %s.\n",
		    q->path);
	if (r->is_handed_over)
		printf(
		    "The root key was replaced after this backup was made: %s opens submissions, but it\n"
		    "can't sign schedules. Only a backup made after new-root can. If there is none, begin\n"
		    "with a new key store (init), and keep this one to open what was sealed to it.\n",
		    q->path);
	printf("\nNext: " TOOL_PROGRAM " show %s\n", q->path);
}

int
cmd_restore(int argc, char **argv)
{
	static const struct option options[] = {{"schedule", required_argument, NULL, 's'},
	    {"root", required_argument, NULL, 'r'},
	    {"passphrase-file", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {0}};
	struct restore_request q = {0};
	struct restore_result r = {0};
	struct tool_fault f = {0};
	int c;

	while ((c = tool_option("restore", argc, argv, options)) != -1)
		switch (c) {
		case 's': q.schedule = optarg; break;
		case 'r': q.root = optarg; break;
		case 'p': q.passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 2)
		return tool_wrong("restore", "name FILE and KEYS");
	q.file = argv[optind];
	q.path = argv[optind + 1];
	if (restore_run(&q, &r, &f) != ERR_OK)
		return tool_report("restore", &f);
	print_result(&q, &r);
	return tool_done("restore");
}
