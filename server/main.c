#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "cmd.h"

static const struct cmd verbs[] = {
    {"init", "",
	"Makes the store that the configuration names: an empty folder, owned by its user,\n"
	"with the server's own transfer key. Remembers the root key, which from now on can't\n"
	"be exchanged silently.\n",
	cmd_init},
    {"publish", "KEYS.TXT",
	"Verifies a schedule of keys under the pinned root key and activates it. Schedules\n"
	"between the active one and this one are taken from the same folder (KEYS/publish).\n"
	"A running server uses it at once.\n",
	cmd_publish},
    {"serve", "[--allow-no-landlock]",
	"Runs the server until SIGTERM. SIGHUP makes it look for a new schedule.\n"
	"--allow-no-landlock: also on a kernel that can't restrict which files a process opens.\n",
	cmd_serve},
    {"export", "OUT.tar [--all | [--since DAY] [--until DAY]] [--volume-size SIZE]",
	"Writes a bundle of sealed submissions for the air-gapped machine; - is standard\n"
	"output. Nothing is ever overwritten, and nothing is deleted from the store.\n"
	"Volumes after the first one are called OUT.2.tar, OUT.3.tar and so on.\n",
	cmd_export},
    {"import", "IN.tar",
	"Takes an answer bundle from the reviewers: replies for sources, and receipts for what\n"
	"their vaults hold; - is standard input. It must be signed by a desk of the active\n"
	"schedule, and newer than that desk's last one. All of it is taken, or nothing.\n"
	"A submission is deleted when every desk of its inbox has sent a receipt that matches\n"
	"it exactly, seven days after the last one. Exit code 3: a receipt didn't match.\n",
	cmd_import},
    {"status", "[--json] [--seen]",
	"Tells for how long there are keys, what is stored, and what else fits.\n"
	"Exit code 3: it works, but somebody should act (see \"warning\"); for cron.\n"
	"--seen: also forgets the alarms about answer bundles, once they were shown.\n",
	cmd_status},
    {"check", "[--repair] [--quick] [--json]",
	"Compares the index with the files, and looks at owners, modes, schedules, the pinned\n"
	"keys, the clock and the room. Changes nothing without --repair, which needs the server\n"
	"to be ended, makes the index anew if need be, and never deletes a file.\n"
	"--quick: doesn't read the submissions. Exit code 3: there are problems; for cron.\n",
	cmd_check},
    {"backup", "OUT.tar",
	"Writes everything that a new machine needs into one archive: submissions (sealed), index,\n"
	"schedules, transfer key, configuration; - is standard output. Nothing is overwritten.\n"
	"Not in it: tor's onion key.\n",
	cmd_backup},
    {"restore", "IN.tar",
	"Makes a store from a backup, in an empty folder, and verifies every byte of it; - is\n"
	"standard input. One that was interrupted can simply be started again.\n",
	cmd_restore},
    {"clock-ok", "",
	"Says that today's date is right although it jumped. Look at a watch first: with a\n"
	"wrong date submissions are sealed to keys that are gone.\n",
	cmd_clock_ok},
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static int
usage(FILE *out, int code)
{
	size_t i;

	fputs("usage:\n", out);
	for (i = 0; i < N_VERBS; i++)
		fprintf(out, "  sealslotd %s [--conf FILE]%s%s\n", verbs[i].name,
		    verbs[i].synopsis[0] == '\0' ? "" : " ", verbs[i].synopsis);
	fputs("sealslotd VERB --help tells more. See sealslotd(8) and sealslotd.conf(5).\n", out);
	return code;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return usage(stderr, CMD_USAGE);
	if (strcmp(argv[1], "--help") == 0)
		return usage(stdout, CMD_OK);
	if (random_start() != 0 || clock_start() != 0) {
		fputs("sealslotd: libsodium or the clock doesn't start.\n", stderr);
		return CMD_FAILED;
	}
	for (i = 0; i < N_VERBS; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(&verbs[i], argc - 1, argv + 1);
	fprintf(stderr, "sealslotd: there is no such verb.\n");
	return usage(stderr, CMD_USAGE);
}
