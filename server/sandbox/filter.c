#include "sandbox.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The promise lists. What isn't in its role's list kills the process. Arguments
 * are checked where a call could undo a promise: no executable memory, no new
 * processes or threads (all there will be have been started before), no change of a descriptor's
 * mode, signals only to itself, nothing that makes a connection or that stays with the parent's
 * listening socket.
 */

/* Memory, time, threads' waiting, leaving: what every role's C library needs. */
static const int common[] = {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(futex), SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_create1),
    SCMP_SYS(recvmsg), SCMP_SYS(pread64), SCMP_SYS(fstat), SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list), SCMP_SYS(membarrier), SCMP_SYS(sched_getaffinity)};

/* Connections that it is handed or accepts; the descriptors that store gives it. */
static const int front[] = {SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(readv),
    SCMP_SYS(writev), SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(sync_file_range), SCMP_SYS(sysinfo)};

/* Files below its folder (Landlock says which), SQLite, descriptors for front and for admins. */
static const int store[] = {SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(pwrite64), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(linkat), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
    SCMP_SYS(getdents64), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(utimensat), SCMP_SYS(statfs),
    SCMP_SYS(fstatfs), SCMP_SYS(flock), SCMP_SYS(fadvise64), SCMP_SYS(getcwd), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(dup), SCMP_SYS(pipe2), SCMP_SYS(umask), SCMP_SYS(memfd_create),
    SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(shutdown), SCMP_SYS(getuid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(copy_file_range),
    SCMP_SYS(uname), SCMP_SYS(sysinfo)};

/* Its refill thread takes the lowest priority. */
static const int mailbox[] = {SCMP_SYS(getpriority), SCMP_SYS(setpriority)};

static const struct list {
	const int *calls;
	size_t n;
} lists[ROLE_COUNT] = {
    [ROLE_FRONT] = {front, sizeof front / sizeof *front},
    [ROLE_STORE] = {store, sizeof store / sizeof *store},
    [ROLE_MAILBOX] = {mailbox, sizeof mailbox / sizeof *mailbox},
};

static int
allow_all(scmp_filter_ctx c, const int *calls, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (seccomp_rule_add(c, SCMP_ACT_ALLOW, calls[i], 0) < 0)
			return -1;
	return 0;
}

/* No memory that is both written and run, no program to load. */
static int
allow_memory(scmp_filter_ctx c)
{
	const struct scmp_arg_cmp not_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

	if (seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_exec) < 0)
		return -1;
	return seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_exec);
}

/* A signal to itself only: abort() after a failed assertion. */
static int
allow_abort(scmp_filter_ctx c)
{
	return seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

/* MSG_FASTOPEN connects: without socket(2), connect(2), and unseen by Landlock. */
static int
allow_sending(scmp_filter_ctx c)
{
	return seccomp_rule_add(
	    c, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
}

/*
 * For every descriptor but this one, which a bit tells from each of the others (an inequality
 * could be passed by bits that the kernel doesn't look at). cmd: argument 1, if it matters.
 */
static int
allow_except_on(scmp_filter_ctx c, int call, int fd, const int *cmd)
{
	scmp_datum_t bit;
	int r;

	for (bit = 1; bit < SANDBOX_DESCRIPTORS_MAX; bit <<= 1) {
		const struct scmp_arg_cmp differs =
		    SCMP_A0(SCMP_CMP_MASKED_EQ, bit, ~(scmp_datum_t)fd & bit);

		if (cmd == NULL)
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 1, differs);
		else
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 2, differs,
			    SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)*cmd, 0));
		if (r < 0)
			return -1;
	}
	return 0;
}

static int
allow_tcp_option(scmp_filter_ctx c, int option)
{
	return seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
	    SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP, 0), SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)option, 0));
}

/*
 * The listening socket is the parent's, too: what is done to it would outlive this process. Answers
 * go where the connection came from; libmicrohttpd sets two options of TCP.
 */
static int
allow_connections(scmp_filter_ctx c, int listener)
{
	static const int dup_cmd = F_DUPFD_CLOEXEC;

	if (seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2,
		SCMP_A3(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0), SCMP_A4(SCMP_CMP_EQ, 0, 0)) < 0 ||
	    allow_tcp_option(c, TCP_NODELAY) < 0 || allow_tcp_option(c, TCP_CORK) < 0 ||
	    allow_except_on(c, SCMP_SYS(shutdown), listener, NULL) < 0)
		return -1;
	return allow_except_on(c, SCMP_SYS(fcntl), listener, &dup_cmd);
}

static int
allow_fcntl(scmp_filter_ctx c, int cmd)
{
	return seccomp_rule_add(
	    c, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)cmd, 0));
}

/* No F_SETFL, which could take O_APPEND away from a writer; store needs leases and SQLite's locks.
 */
static int
allow_descriptor_calls(scmp_filter_ctx c, enum role role)
{
	static const int of_store[] = {F_SETLEASE, F_GETLEASE, F_SETLK, F_GETLK, F_OFD_SETLK,
	    F_OFD_GETLK, F_ADD_SEALS, F_DUPFD_CLOEXEC};
	size_t i;

	if (allow_fcntl(c, F_GETFL) < 0 || allow_fcntl(c, F_GETFD) < 0 ||
	    allow_fcntl(c, F_SETFD) < 0)
		return -1;
	/* A memfd that is handed over must be sealed. */
	if (allow_fcntl(c, F_GET_SEALS) < 0)
		return -1;
	if (role != ROLE_STORE)
		return 0;
	for (i = 0; i < sizeof of_store / sizeof *of_store; i++)
		if (allow_fcntl(c, of_store[i]) < 0)
			return -1;
	return 0;
}

static int
add_rules(scmp_filter_ctx c, enum role role, int listener)
{
	if (allow_all(c, common, sizeof common / sizeof *common) < 0 ||
	    allow_all(c, lists[role].calls, lists[role].n) < 0 || allow_memory(c) < 0 ||
	    allow_abort(c) < 0 || allow_sending(c) < 0)
		return -1;
	if (role == ROLE_FRONT && allow_connections(c, listener) < 0)
		return -1;
	return allow_descriptor_calls(c, role);
}

enum err
sandbox_filter(enum role role, int listener)
{
	scmp_filter_ctx c;
	enum err e = ERR_SYS;

	if ((c = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		return ERR_NOMEM;
	if (seccomp_attr_set(c, SCMP_FLTATR_CTL_TSYNC, 1) < 0 ||
	    seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		goto done;
	if (add_rules(c, role, listener) == 0 && seccomp_load(c) == 0)
		e = ERR_OK;
done:
	seccomp_release(c);
	return e;
}

const char *
sandbox_kind(void)
{
	return "release";
}
