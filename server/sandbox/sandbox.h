#ifndef SEALSLOT_SANDBOX_SANDBOX_H
#define SEALSLOT_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * What a process of the server gives up before it reads its first untrusted
 * byte. Two steps, because Landlock and capabilities hold per thread and must
 * come before the worker threads, while the system call filter must come after
 * they have been started (it is put on all threads at once).
 */

#define SANDBOX_DESCRIPTORS_MAX 8192 /* a power of 2: what the filter looks at of their numbers */

struct sandbox_plan {
	enum role role;       /* ROLE_FRONT, ROLE_STORE or ROLE_MAILBOX */
	int dirfd;            /* the only folder that may be used; -1: no file at all */
	uint32_t descriptors; /* RLIMIT_NOFILE */
	bool may_lack_landlock;
};

/*
 * Not dumpable, no core, no new privileges, no capabilities, Landlock, limits.
 * *landlock is the ABI in force, 0 for none. ERR_SYS when the system refuses
 * any of it; ERR_NOTFOUND when the kernel has no Landlock and the plan insists on it.
 */
enum err MUST_CHECK sandbox_confine(const struct sandbox_plan *plan, int *landlock);
/*
 * The role's allow-list of system calls on all threads; anything else kills the process. listener:
 * the parent's listening socket, which front may accept from and do nothing else to; -1: it has
 * none.
 */
enum err MUST_CHECK sandbox_filter(enum role role, int listener);
/*
 * Both steps around a process's start, with words for the log: sandbox_confine
 * and the locking of memory (need: bytes that it may want locked) first.
 */
enum err MUST_CHECK sandbox_begin(
    const struct sandbox_plan *plan, unsigned long need, struct reason *why);
enum err MUST_CHECK sandbox_complete(enum role role, int listener, struct reason *why);
/* "release", or what a test build's wider filter is called: the server says so at start. */
const char *sandbox_kind(void);

#endif
