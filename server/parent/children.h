#ifndef SEALSLOT_PARENT_CHILDREN_H
#define SEALSLOT_PARENT_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "parent/setup.h"
#include "wire/reason.h"
#include "wire/wire.h"

/*
 * The processes of a running server, as their parent sees them: which programs
 * they are, who talks to whom, and when a dead one may start again.
 */
#define CHILDREN_N 3

struct child {
	enum role role;
	const char *name;    /* for the log */
	const char *program; /* its file */
	int program_fd;
	int sock;  /* -1: it doesn't run */
	pid_t pid; /* 0: it doesn't run */
	bool is_ready, is_drained;
	int64_t started;  /* clock_mono_ms */
	int64_t start_at; /* when it may start again */
	int64_t backoff;  /* ms */
};

struct children {
	const struct setup *setup; /* borrowed */
	int listener;              /* borrowed; front's */
	struct child all[CHILDREN_N];
};

/* Opens all programs, so that they can be started after the privileges are gone. */
enum err MUST_CHECK children_init(
    struct children *c, const struct setup *s, int listener, struct reason *why);
/* Closes what is open; the processes have ended. */
void children_close(struct children *c);
struct child *children_find(struct children *c, enum role role);
bool children_are_ready(const struct children *c);

/* Starts one, hands everything over to it, and connects it with those that run. */
enum err MUST_CHECK children_start(struct children *c, struct child *child, struct reason *why);
/* It has ended, now: plans when it may start again. */
void children_bury(struct child *child, int64_t now);
void children_kill(const struct child *child);
/* Says an op with a body; false: it doesn't run, or doesn't listen. */
bool children_tell(const struct child *child, enum op op, const void *body, size_t len);

#endif
