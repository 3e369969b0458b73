#include "cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "base/limits.h"
#include "restore.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " restore FILE KEYS [--schedule KEYS.TXT] [--root ROOT.PUB]\n"
    "           [--log LOG] [--passphrase-file FILE]\n"
    "\n"
    "Makes KEYS, a new folder, from a backup, and opens every key. When it is interrupted,\n"
    "the same command goes on where it stopped.\n"
    "\n"
    "  --schedule KEYS.TXT     the newest schedule, from the server (/keys and /keys.minisig):\n"
    "                          the next schedule follows that one, and epochs that it shows to\n"
    "                          be gone don't come back. It shows more from a publish folder, where\n"
    "                          the earlier ones lie beside it\n"
    "  --log LOG               KEYS/log of a newer backup, of the old medium or of a copy: what\n"
    "                          it calls retired doesn't come back, and what it says is kept\n"
    "  --root ROOT.PUB         the root key of that schedule; default: the backup's own. After\n"
    "                          new-root, a backup that is older needs the new root.pub here, and\n"
    "                          beside KEYS.TXT the statements root-NNNN.txt\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

static void
print_epochs(const char *before, const struct copies_ring *ring, const char *behind)
{
	static const struct copies_ring none = {0};
	struct buf ranges;

	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if (ring->n > 0 && copies_ranges(ring, &none, &ranges) == ERR_OK &&
	    buf_cstr(&ranges) != NULL)
		printf("%s %s%s\n", before, buf_cstr(&ranges), behind);
	buf_wipe(&ranges);
}

static void
print_unknown(const struct restore_request *q)
{
	puts(
	    "What the log has of the time after this backup isn't known here, so: epochs that were\n"
	    "retired then may be back, or were left out by the schedule alone; and backups, copies\n"
	    "and vaults recorded then are named by no command any more. If you have a newer log (of\n"
	    "the old medium, or in a copy):");
	printf(
	    "destroy %s and restore with --log LOG. Otherwise the next retire destroys again what\n"
	    "nothing needs.\n",
	    q->path);
}

/* What was made after the backup is missing, and under an old file's name show can't see that. */
static void
print_next(const struct restore_request *q)
{
	if (tool_has_file(q->path, TOOL_ROOT))
		printf("\nNext, for keys that were made after this backup:\n  " TOOL_PROGRAM
		       " revoke %s --lost\n",
		    q->path);
	else
		printf("\nNext: " TOOL_PROGRAM " show %s\n", q->path);
}

static void
print_result(const struct restore_request *q, const struct restore_result *r)
{
	printf("%s: restored, with %u epoch keys; each can be opened.\n", q->path, r->written);
	print_epochs("Left out, as the log calls them retired:", &r->retired, ".");
	print_epochs("Left out, as the schedule lists them no more:", &r->unlisted,
	    ".\n"
	    "The key store that signed it had retired them, or lost them. If it had lost them, keep the\n"
	    "backup: restored without --schedule, into another folder, it opens what was sealed to them.");
	print_epochs("Restored, although the schedule doesn't list them:", &r->unsure,
	    ".\n"
	    "They may have been retired or not; that can't be told from it.");
	if (q->log == NULL)
		print_unknown(q);
	if (r->is_handed_over)
		printf(
		    "The root key was replaced after this backup was made: %s opens submissions, but it\n"
		    "can't sign schedules. Only a backup made after new-root can. If there is none, begin\n"
		    "with a new key store (init), and keep this one to open what was sealed to it.\n",
		    q->path);
	print_next(q);
}

int
cmd_restore(int argc, char **argv)
{
	static const struct option options[] = {{"schedule", required_argument, NULL, 's'},
	    {"root", required_argument, NULL, 'r'}, {"log", required_argument, NULL, 'l'},
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
		case 'l': q.log = optarg; break;
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
	restore_result_wipe(&r);
	return tool_done("restore");
}
