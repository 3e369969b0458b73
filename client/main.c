#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/random.h"
#include "cmd.h"
#include "display.h"

static const struct cmd *const verbs[] = {&cmd_init, &cmd_import, &cmd_list, &cmd_show, &cmd_verify,
    &cmd_extract, &cmd_join, &cmd_alarms, &cmd_done, &cmd_keep, &cmd_needs, &cmd_reply, &cmd_outbox,
    &cmd_backup, &cmd_restore};
#define N_VERBS (sizeof verbs / sizeof *verbs)

static void
print_usage(FILE *to)
{
	size_t i;

	fputs("usage: " CMD_PROGRAM " VERB VAULT [...]\n\n", to);
	for (i = 0; i < N_VERBS; i++)
		fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("\nEach verb explains itself: " CMD_PROGRAM " VERB --help\n", to);
}

static void
print_help(const struct cmd *c)
{
	printf("usage: " CMD_PROGRAM " %s %s\n\n%s\n"
	       "  --passphrase-file FILE  the passphrase is the first line of FILE; else it is "
	       "asked for\n",
	    c->name, c->usage, c->help);
	if (c != &cmd_init)
		puts("  --keys KEYS             the key store is here now, and not where `init` "
		     "found it");
	puts("  --help                  this text");
}

static int
wrong_usage(const struct cmd *c, const char *why)
{
	fprintf(stderr, CMD_PROGRAM " %s: %s\nusage: " CMD_PROGRAM " %s %s\n", c->name, why,
	    c->name, c->usage);
	return CMD_USAGE;
}

/* One option; false if the verb doesn't take it. */
static bool
take_option(const struct cmd *c, struct cmd_options *o, int option, const char *value)
{
	switch (option) {
	case 'p': o->passphrase_file = value; return true;
	case 'k': o->keys = value; return true;
	case 'j': o->is_json = true; return (c->options & CMD_OPT_JSON) != 0;
	case 't': o->to = value; return (c->options & CMD_OPT_TO) != 0;
	case 'r': o->root = value; return (c->options & CMD_OPT_ROOT) != 0;
	case 's': o->seen = value; return (c->options & CMD_OPT_SEEN) != 0;
	case 'u': o->is_undone = true; return (c->options & CMD_OPT_UNDO) != 0;
	case 'm': o->message_file = value; return (c->options & CMD_OPT_MESSAGE) != 0;
	case 'a': o->again = value; return (c->options & CMD_OPT_OUTBOX) != 0;
	case 'f': o->after = value; return (c->options & CMD_OPT_OUTBOX) != 0;
	default: return false;
	}
}

static int
run_verb(const struct cmd *c, int argc, char **argv)
{
	static const struct option known[] = {{"help", no_argument, NULL, 'h'},
	    {"passphrase-file", required_argument, NULL, 'p'},
	    {"keys", required_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
	    {"to", required_argument, NULL, 't'}, {"seen", required_argument, NULL, 's'},
	    {"root", required_argument, NULL, 'r'}, {"undo", no_argument, NULL, 'u'},
	    {"message-file", required_argument, NULL, 'm'}, {"again", required_argument, NULL, 'a'},
	    {"after", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	struct cmd_options o = {0};
	size_t n;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'h') {
			print_help(c);
			return CMD_DONE;
		}
		if (!take_option(c, &o, option, optarg))
			return wrong_usage(c, "an option that this verb doesn't have, or without "
					      "its value");
	}
	n = (size_t)(argc - optind);
	if (n == 0)
		return wrong_usage(c, "which vault?");
	o.vault = argv[optind];
	o.args = argv + optind + 1;
	o.n_args = n - 1;
	if (o.n_args < c->args_min || o.n_args > c->args_max)
		return wrong_usage(c,
		    o.n_args < c->args_min ? "something is missing" : "that is more than it takes");
	return c->run(&o);
}

/* Nothing of what is opened here may end up in a core file or another process's view. */
static int
start(void)
{
	struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1 ||
	    clock_start() == -1 || random_start() == -1) {
		perror(CMD_PROGRAM);
		return -1;
	}
	display_start();
	return 0;
}

int
main(int argc, char **argv)
{
	int code = CMD_USAGE;
	size_t i;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		print_usage(stdout);
		return CMD_DONE;
	}
	for (i = 0; argc >= 2 && i < N_VERBS; i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			break;
	if (argc < 2 || i == N_VERBS) {
		print_usage(stderr);
		return CMD_USAGE;
	}
	if (start() == -1)
		return CMD_FAILED;
	code = run_verb(verbs[i], argc - 1, argv + 1);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror(CMD_PROGRAM ": standard output");
		return CMD_FAILED;
	}
	return code;
}
