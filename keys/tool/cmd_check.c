#include "cmd.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>

#include "base/clock.h"
#include "describe.h"
#include "published.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " check KEYS.TXT --root ROOT.PUB\n"
    "\n"
    "Verifies a schedule (KEYS.TXT and KEYS.TXT.minisig) under a root key, and says\n"
    "what it lists. Needs no secret: anybody can do this.\n"
    "\n"
    "  --root ROOT.PUB  the root key, a minisign public key file\n";

static int
check(const char *path, const char *root_path)
{
	struct minisign_key root;
	struct published p = {0};
	struct tool_fault f = {0};
	enum err e;

	if ((e = tool_read_key(AT_FDCWD, root_path, &root, &f)) == ERR_OK &&
	    (e = published_read(AT_FDCWD, path, &root, &p, &f)) == ERR_OK) {
		printf("VALID: %s\n\n", path);
		describe_key("signed by", &root);
		describe_schedule(p.s, clock_today());
	} else {
		printf("NOT VALID: %s\n", path);
	}
	published_wipe(&p);
	return e == ERR_OK ? tool_done("check") : tool_report("check", &f);
}

int
cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
	    {"root", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *root = NULL;
	int c;

	while ((c = tool_option("check", argc, argv, options)) != -1)
		switch (c) {
		case 'r': root = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 1)
		return tool_wrong("check", "name one schedule, KEYS.TXT");
	if (root == NULL)
		return tool_wrong("check", "--root is missing");
	return check(argv[optind], root);
}
