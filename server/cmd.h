#ifndef SEALSLOT_SERVER_CMD_H
#define SEALSLOT_SERVER_CMD_H

#include <stdbool.h>

#include "parent/link.h"
#include "parent/setup.h"
#include "wire/reason.h"

/*
 * The verbs of sealslotd: one file each, named in the table of main.c. Only
 * these files talk to the user: once, with what happened and what to do now.
 */
#define CMD_OK      0
#define CMD_FAILED  1
#define CMD_USAGE   2
#define CMD_WARNING 3 /* status, check, import: somebody should act soon */

struct cmd {
	const char *name;
	const char *synopsis; /* its arguments */
	const char *help;     /* what it does: a few lines */
	int (*run)(const struct cmd *self, int argc, char **argv);
};

/* What the command line said. Strings are borrowed from argv. */
struct cmd_args {
	const char *conf;
	const char *since, *until, *volume_size; /* export */
	bool is_all;                             /* export */
	bool is_json;                            /* status, check */
	bool is_seen;                            /* status */
	bool is_repair, is_quick;                /* check */
	bool may_lack_landlock;                  /* serve */
	const char *operand; /* the one argument without an option; NULL if none */
};
/* The options that a verb takes besides --conf and --help, as bits. */
enum cmd_takes {
	CMD_TAKES_SINCE = 1, /* --since DAY, --until DAY, --all, --volume-size SIZE */
	CMD_TAKES_JSON = 2,
	CMD_TAKES_OPERAND = 4,  /* exactly one */
	CMD_TAKES_LANDLOCK = 8, /* --allow-no-landlock */
	CMD_TAKES_REPAIR = 16,  /* --repair, --quick */
	CMD_TAKES_SEEN = 32,    /* --seen */
};
/*
 * Reads the command line of a verb. -1: go on; otherwise the exit code: help
 * was shown, or the usage was wrong and the user knows.
 */
int cmd_parse(const struct cmd *self, int argc, char **argv, unsigned takes, struct cmd_args *out);

/* "sealslotd: <reason>" on standard error (nothing if it is empty); CMD_FAILED. */
int cmd_fail(const struct reason *why);

int cmd_backup(const struct cmd *self, int argc, char **argv);
int cmd_check(const struct cmd *self, int argc, char **argv);
int cmd_clock_ok(const struct cmd *self, int argc, char **argv);
int cmd_export(const struct cmd *self, int argc, char **argv);
int cmd_import(const struct cmd *self, int argc, char **argv);
int cmd_init(const struct cmd *self, int argc, char **argv);
int cmd_publish(const struct cmd *self, int argc, char **argv);
int cmd_restore(const struct cmd *self, int argc, char **argv);
int cmd_serve(const struct cmd *self, int argc, char **argv);
int cmd_status(const struct cmd *self, int argc, char **argv);

#endif
