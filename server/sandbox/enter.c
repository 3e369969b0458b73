#include <stdio.h>

#include "forget/forget.h"
#include "sandbox/sandbox.h"

/* The same for all of them: said once, by the one that sees plaintext. */
static void
lock_memory(enum role role, unsigned long need)
{
	if (forget_lock_memory(need) == ERR_OK || role != ROLE_FRONT)
		return;
	fprintf(stderr,
	    "sealslotd: memory can't be locked, so it may be swapped to a disk: switch swap off, or raise "
	    "RLIMIT_MEMLOCK (LimitMEMLOCK=infinity in the unit).\n");
}

enum err
sandbox_begin(const struct sandbox_plan *plan, unsigned long need, struct reason *why)
{
	int abi = 0;
	enum err e;

	lock_memory(plan->role, need);
	if ((e = sandbox_confine(plan, &abi)) == ERR_NOTFOUND)
		return reason_set(why, e,
		    "This kernel has no Landlock, so the processes can't be kept from other files. Use a "
		    "kernel with Landlock (Debian's has it), or say serve --allow-no-landlock.");
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't give up privileges");
	if (abi == 0)
		fprintf(stderr,
		    "sealslotd: no Landlock in this kernel: going on without it, as asked.\n");
	return ERR_OK;
}

enum err
sandbox_complete(enum role role, int listener, struct reason *why)
{
	enum err e;

	if ((e = sandbox_filter(role, listener)) != ERR_OK)
		return reason_sys(why, e, "Can't filter system calls");
	return ERR_OK;
}
