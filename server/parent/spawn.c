#include "parent/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"

#define CHILD_FD 3
#define PREFIX   "sealslotd-"

/* The folder that this program lies in. */
static enum err
own_folder(char out[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return ERR_SYS;
	out[n] = '\0';
	if ((slash = strrchr(out, '/')) == NULL)
		return ERR_STATE;
	*slash = '\0';
	return ERR_OK;
}

static bool
open_program(int *program, const char *folder, const char *below, const char *name)
{
	char path[PATH_MAX];
	int n, fd = -1;

	n = snprintf(
	    path, sizeof path, "%s/%s%s%s", folder, below, below[0] == '\0' ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof path || io_open_file(AT_FDCWD, path, &fd) != ERR_OK)
		return false;
	*program = fd;
	return true;
}

enum err
spawn_find(const char *name, int *program, struct reason *why)
{
	char folder[PATH_MAX];
	enum err e;

	if ((e = own_folder(folder)) != ERR_OK)
		return reason_sys(why, e, "Can't tell where this program lies");
	/* sealslotd-front stands in front/ of a build folder. */
	if (open_program(program, folder, "", name) ||
	    open_program(program, folder, name + strlen(PREFIX), name) ||
	    open_program(program, SEALSLOT_LIBEXECDIR, "", name))
		return ERR_OK;
	return reason_set(why, ERR_NOTFOUND,
	    "The program %s is neither in %.200s nor in %s: the installation isn't complete.", name,
	    folder, SEALSLOT_LIBEXECDIR);
}

static enum err
set_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			return ERR_SYS;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == -1 ? ERR_SYS : ERR_OK;
}

static enum err
set_descriptors(int sock)
{
	int null;

	/* fcntl, should it be number 3 already: dup2 would leave close-on-exec on it. */
	if (sock == CHILD_FD ? fcntl(sock, F_SETFD, 0) == -1 : dup2(sock, CHILD_FD) == -1)
		return ERR_SYS;
	if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static enum err
set_limits(uint64_t max_file)
{
	struct rlimit none = {0, 0}, file = {max_file, max_file}, fds;

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    (max_file > 0 && setrlimit(RLIMIT_FSIZE, &file) == -1) ||
	    getrlimit(RLIMIT_NOFILE, &fds) == -1)
		return ERR_SYS;
	fds.rlim_cur = fds.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &fds) == -1 ? ERR_SYS : ERR_OK;
}

/* In the child. Nothing but what we hand over reaches the program. */
static void
become(const struct spawn *s)
{
	char *argv[2] = {NULL, NULL};
	const char *step;

	step = "set its signals";
	if (set_signals() != ERR_OK)
		goto failed;
	step = "set its descriptors";
	/* The program's own descriptor must not be where the socket goes. */
	int program = fcntl(s->program, F_DUPFD_CLOEXEC, CHILD_FD + 1);
	if (program == -1 || set_descriptors(s->sock) != ERR_OK)
		goto failed;
	step = "set its limits";
	if (set_limits(s->max_file) != ERR_OK)
		goto failed;
	step = "become its user";
	if (setup_drop_root(s->as) != ERR_OK)
		goto failed;
	step = "run";
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("NOTIFY_SOCKET");
	if ((argv[0] = strdup(s->name)) != NULL)
		fexecve(program, argv, environ);
failed:
	fprintf(stderr, "sealslotd: %s can't %s: %s\n", s->name, step, strerror(errno));
	_exit(1);
}

enum err
spawn_start(const struct spawn *s, pid_t *pid)
{
	pid_t child = fork();

	if (child == -1)
		return ERR_SYS;
	if (child == 0)
		become(s);
	*pid = child;
	return ERR_OK;
}
