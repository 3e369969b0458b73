#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"

/* Debian 12's header ends at ABI 2; the kernel may know more. */
#define FS_TRUNCATE     (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV    (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP    (1ULL << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT  (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL    (1ULL << 1)
#define FS_ABI_1        ((1ULL << 13) - 1)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scope;
};

/* What store may do below its folder: no devices, links, sockets, programs. */
#define FS_STORE                                                                                   \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                              \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                          \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE)

static int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* Everything that this kernel can forbid. */
static struct ruleset
all_of(int abi)
{
	struct ruleset r = {.fs = FS_ABI_1};

	if (abi >= 2)
		r.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4)
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r.scope = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return r;
}

static enum err
allow_folder(int rules, int dirfd, uint64_t handled)
{
	struct landlock_path_beneath_attr below = {
	    .allowed_access = FS_STORE & handled, .parent_fd = dirfd};

	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static enum err
landlock(int dirfd, int abi)
{
	struct ruleset r = all_of(abi);
	size_t size = abi >= 6 ? sizeof r : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	enum err e = ERR_OK;
	int rules;

	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules == -1)
		return ERR_SYS;
	if (dirfd != -1)
		e = allow_folder(rules, dirfd, r.fs);
	if (e == ERR_OK && syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		e = ERR_SYS;
	io_close(&rules);
	return e;
}

static enum err
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	unsigned long cap;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return ERR_SYS;
	/* The bounding set can only be emptied by who still may; EPERM means it can't be regained
	 * either. */
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1 && errno != EPERM)
			return ERR_SYS;
	return syscall(SYS_capset, &head, none) == -1 ? ERR_SYS : ERR_OK;
}

static enum err
limit(int what, rlim_t n)
{
	struct rlimit r = {n, n};

	return setrlimit((__rlimit_resource_t)what, &r) == -1 ? ERR_SYS : ERR_OK;
}

static enum err
set_limits(const struct sandbox_plan *plan)
{
	enum err e;

	if ((e = limit(RLIMIT_CORE, 0)) != ERR_OK)
		return e;
	/* How large a file may grow the parent has said (children.c): it knows max_upload. */
	return limit(RLIMIT_NOFILE, plan->descriptors);
}

enum err
sandbox_confine(const struct sandbox_plan *plan, int *abi)
{
	int found = landlock_abi();
	enum err e;

	if (found == 0 && !plan->may_lack_landlock)
		return ERR_NOTFOUND;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ERR_SYS;
	if ((e = set_limits(plan)) != ERR_OK)
		return e;
	if ((e = drop_capabilities()) != ERR_OK)
		return e;
	if (found != 0 && (e = landlock(plan->dirfd, found)) != ERR_OK)
		return e;
	*abi = found;
	return ERR_OK;
}
