#ifndef SEALSLOT_PARENT_SPAWN_H
#define SEALSLOT_PARENT_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "parent/setup.h"
#include "wire/reason.h"

/*
 * Programs of our own, one per process of the server: from the same folder as
 * this one (or a folder below it, as in a build), else from libexecdir.
 */

/* Opens a program for spawn_start. ERR_NOTFOUND. */
enum err MUST_CHECK spawn_find(const char *name, int *program, struct reason *why);

struct spawn {
	int program;            /* from spawn_find; borrowed */
	const char *name;       /* argv[0] */
	int sock;               /* the child's end of its socket to us, borrowed */
	uint64_t max_file;      /* bytes that any file it writes may have; 0: no limit */
	const struct setup *as; /* whom to become, when we are root */
};
/*
 * Starts it with sock as descriptor 3, standard input empty, standard output
 * on our standard error, and all signals ignored by which a terminal or a
 * service manager would end it: that is the parent's matter.
 */
enum err MUST_CHECK spawn_start(const struct spawn *s, pid_t *pid);

#endif
