#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONF "/etc/sealslot/sealslotd.conf"

enum {
	OPT_CONF = 1,
	OPT_HELP,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_ALL,
	OPT_VOLUME_SIZE,
	OPT_JSON,
	OPT_LANDLOCK,
	OPT_REPAIR,
	OPT_QUICK,
	OPT_SEEN
};

static void
usage(const struct cmd *self, FILE *out)
{
	fprintf(out, "usage: sealslotd %s [--conf FILE]%s%s\n", self->name,
	    self->synopsis[0] == '\0' ? "" : " ", self->synopsis);
}

/* The options of all verbs; the verb's own are those of takes. */
static bool
is_taken(int opt, unsigned takes)
{
	switch (opt) {
	case OPT_CONF:
	case OPT_HELP: return true;
	case OPT_SINCE:
	case OPT_UNTIL:
	case OPT_ALL:
	case OPT_VOLUME_SIZE: return (takes & CMD_TAKES_SINCE) != 0;
	case OPT_JSON: return (takes & CMD_TAKES_JSON) != 0;
	case OPT_LANDLOCK: return (takes & CMD_TAKES_LANDLOCK) != 0;
	case OPT_REPAIR:
	case OPT_QUICK: return (takes & CMD_TAKES_REPAIR) != 0;
	case OPT_SEEN: return (takes & CMD_TAKES_SEEN) != 0;
	default: return false;
	}
}

static void
set(struct cmd_args *a, int opt, const char *value)
{
	switch (opt) {
	case OPT_CONF: a->conf = value; break;
	case OPT_SINCE: a->since = value; break;
	case OPT_UNTIL: a->until = value; break;
	case OPT_ALL: a->is_all = true; break;
	case OPT_VOLUME_SIZE: a->volume_size = value; break;
	case OPT_JSON: a->is_json = true; break;
	case OPT_REPAIR: a->is_repair = true; break;
	case OPT_QUICK: a->is_quick = true; break;
	case OPT_SEEN: a->is_seen = true; break;
	case OPT_LANDLOCK: a->may_lack_landlock = true; break;
	}
}

int
cmd_parse(const struct cmd *self, int argc, char **argv, unsigned takes, struct cmd_args *out)
{
	static const struct option options[] = {{"conf", required_argument, NULL, OPT_CONF},
	    {"help", no_argument, NULL, OPT_HELP}, {"since", required_argument, NULL, OPT_SINCE},
	    {"until", required_argument, NULL, OPT_UNTIL}, {"all", no_argument, NULL, OPT_ALL},
	    {"volume-size", required_argument, NULL, OPT_VOLUME_SIZE},
	    {"json", no_argument, NULL, OPT_JSON}, {"repair", no_argument, NULL, OPT_REPAIR},
	    {"quick", no_argument, NULL, OPT_QUICK}, {"seen", no_argument, NULL, OPT_SEEN},
	    {"allow-no-landlock", no_argument, NULL, OPT_LANDLOCK}, {NULL, 0, NULL, 0}};
	int opt, operands = (takes & CMD_TAKES_OPERAND) != 0 ? 1 : 0;

	*out = (struct cmd_args){.conf = DEFAULT_CONF};
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			usage(self, stdout);
			printf("\n%s", self->help);
			return CMD_OK;
		}
		if (!is_taken(opt, takes)) {
			usage(self, stderr);
			return CMD_USAGE;
		}
		set(out, opt, optarg);
	}
	if (argc - optind != operands ||
	    (out->is_all && (out->since != NULL || out->until != NULL))) {
		usage(self, stderr);
		return CMD_USAGE;
	}
	out->operand = argv[optind];
	return -1;
}

int
cmd_fail(const struct reason *why)
{
	if (why->text[0] != '\0')
		fprintf(stderr, "sealslotd: %s\n", why->text);
	return CMD_FAILED;
}
