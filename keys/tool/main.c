#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/random.h"
#include "cmd.h"
#include "tool.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} verbs[] = {
    {"init", cmd_init, "make a key store: passphrase, root key, reply key"},
    {"schedule", cmd_schedule, "make and test the missing epoch keys, sign the schedule"},
    {"show", cmd_show, "what exists, until when, and what to do next"},
    {"check", cmd_check, "verify a schedule without any secret"},
    {"revoke", cmd_revoke,
	"after a theft: new keys for epochs that aren't over, the old ones revoked"},
    {"retire", cmd_retire, "destroy the keys of ended epochs that nothing needs any more"},
    {"reviewer-copy", cmd_reviewer_copy, "a key store without the root key, for reviewers"},
    {"backup", cmd_backup, "the whole key store in one file, under its passphrase"},
    {"restore", cmd_restore, "a key store from its backup"},
    {"new-root", cmd_new_root, "another root key, with a statement that the old one signs"},
    {"offer", cmd_offer, "make this desk's keys for an inbox that another desk's schedule lists"},
};

static int
print_usage(FILE *to, int code)
{
	size_t i;

	fprintf(to, "usage: " TOOL_PROGRAM " VERB ...\n\n");
	for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		fprintf(to, "  %-14s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(to, "\nHelp on a verb: " TOOL_PROGRAM " VERB --help\n");
	return fflush(to) == 0 ? code : TOOL_FAILED;
}

/* Keys never reach a core file, nor a debugger of the same user; new files are ours alone. */
static int
harden(void)
{
	struct rlimit none = {0, 0};

	umask(077);
	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return print_usage(stderr, TOOL_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return print_usage(stdout, TOOL_DONE);
	if (strcmp(argv[1], "--version") == 0)
		return tool_help(TOOL_PROGRAM " " SEALSLOT_VERSION "\n");
	if (random_start() != 0 || clock_start() != 0 || harden() != 0) {
		fprintf(stderr, TOOL_PROGRAM ": the system has no randomness or refuses to protect "
					     "this program\n");
		return TOOL_FAILED;
	}
	for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, TOOL_PROGRAM ": there is no verb \"%s\"\n\n", argv[1]);
	return print_usage(stderr, TOOL_USAGE);
}
