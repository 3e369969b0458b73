#include "breakin.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Other processes, other programs, and what the kernel would give it for that. */

static int
run_program(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};

	return result(execve("/bin/true", argv, environ));
}

static int
new_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *
nothing(void *arg)
{
	return arg;
}

/* As many as one likes would take what others need. */
static int
new_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL);
}

static int
trace_parent(void)
{
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_parent(void)
{
	char c;
	struct iovec mine = {&c, 1}, theirs = {(void *)0x1000, 1};

	errno = 0;
	process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0);
	return errno == EFAULT ? 0 : errno; /* it was let in, and nothing lies there */
}

static int
kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int
tgkill_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED
		   ? errno
		   : 0;
}

static int
new_namespace(void)
{
	return result(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static int
ring(void)
{
	char params[128] = {0};

	return result(syscall(425 /* io_uring_setup */, 1, params));
}

const struct attack breakin_processes[] = {
    {"run-program", run_program},
    {"new-process", new_process},
    {"new-thread", new_thread},
    {"trace-parent", trace_parent},
    {"read-parent", read_parent},
    {"kill-parent", kill_parent},
    {"tgkill-parent", tgkill_parent},
    {"executable-memory", executable_memory},
    {"new-namespace", new_namespace},
    {"ring", ring},
    {NULL, NULL},
};
