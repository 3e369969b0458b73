#include "sandbox.h"

#include <seccomp.h>

/*
 * The filter of test builds, never installed: sanitizers map, signal and read
 * as they please, so only what no test may do is forbidden. The invariant
 * tests run on the release build.
 */
static const int never[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(connect), SCMP_SYS(bind),
    SCMP_SYS(listen), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(chmod), SCMP_SYS(chown),
    SCMP_SYS(mount), SCMP_SYS(init_module), SCMP_SYS(bpf)};

enum err
sandbox_filter(enum role role, int listener)
{
	scmp_filter_ctx c;
	enum err e = ERR_SYS;
	size_t i;

	(void)role;
	(void)listener;
	if ((c = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		return ERR_NOMEM;
	if (seccomp_attr_set(c, SCMP_FLTATR_CTL_TSYNC, 1) < 0)
		goto done;
	for (i = 0; i < sizeof never / sizeof *never; i++)
		if (seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, never[i], 0) < 0)
			goto done;
	if (seccomp_load(c) == 0)
		e = ERR_OK;
done:
	seccomp_release(c);
	return e;
}

const char *
sandbox_kind(void)
{
	return "test";
}
