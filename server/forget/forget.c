#include "forget.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/io.h"

enum err
forget_lock_memory(unsigned long need)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_MEMLOCK, &r) == -1)
		return ERR_SYS;
	/* mlockall succeeds under a low limit and the next large allocation fails: judge before. */
	if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < need)
		return ERR_NOMEM;
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == -1 ? io_errno() : ERR_OK;
}

#define STACK_DEPTH (64 * 1024)

__attribute__((noinline)) void
forget_stack(void)
{
	uint8_t below[STACK_DEPTH];

	explicit_bzero(below, sizeof below);
}
