#include "parent/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"

#define FIRST_HANDED_FD  3 /* sd_listen_fds(3) */
#define SOCKET_MODE_MASK 0117

/* Any address that this program may listen on. */
union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Only what never leaves this machine, as text. */
static enum err
describe(int fd, char out[static LISTEN_TEXT_MAX])
{
	union address a = {.any = {0}};
	socklen_t n = sizeof a;
	char host[INET6_ADDRSTRLEN];

	if (getsockname(fd, &a.any, &n) == -1)
		return ERR_SYS;
	switch (a.any.sa_family) {
	case AF_UNIX:
		snprintf(
		    out, LISTEN_TEXT_MAX, "unix:%.*s", (int)sizeof a.un.sun_path, a.un.sun_path);
		return ERR_OK;
	case AF_INET:
		if (ntohl(a.v4.sin_addr.s_addr) >> 24 != 127)
			return ERR_MODE;
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host);
		snprintf(out, LISTEN_TEXT_MAX, "%s:%u", host, ntohs(a.v4.sin_port));
		return ERR_OK;
	case AF_INET6:
		if (!IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr))
			return ERR_MODE;
		snprintf(out, LISTEN_TEXT_MAX, "[::1]:%u", ntohs(a.v6.sin6_port));
		return ERR_OK;
	}
	return ERR_MODE;
}

/* ---- handed over by systemd */

/* The number of sockets that are handed over to this process. */
static uint64_t
handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n = 0, who = 0;

	if (pid == NULL || fds == NULL ||
	    text_number(pid, strlen(pid), INT32_MAX, &who) != ERR_OK || who != (uint64_t)getpid() ||
	    text_number(fds, strlen(fds), INT32_MAX, &n) != ERR_OK)
		return 0;
	return n;
}

static enum err
take_handed_over(struct listen *l, struct reason *why)
{
	int is_listening = 0, type = 0, fd = FIRST_HANDED_FD;
	socklen_t n = sizeof is_listening, t = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) == -1 || !is_listening ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &t) == -1 || type != SOCK_STREAM)
		return reason_set(
		    why, ERR_MODE, "What systemd hands over isn't a listening stream socket.");
	if (describe(fd, l->text) != ERR_OK)
		return reason_set(why, ERR_MODE,
		    "The socket that systemd hands over can be reached from outside: let it be a Unix "
		    "socket, or on 127.0.0.1 or ::1.");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return reason_sys(why, ERR_SYS, "Can't use the socket that systemd hands over");
	l->fd = fd;
	return ERR_OK;
}

/* ---- opened here */

static enum err
listen_at(const union address *a, socklen_t n, int *out)
{
	int one = 1, fd;

	fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return ERR_SYS;
	if ((a->any.sa_family != AF_UNIX &&
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == -1) ||
	    bind(fd, &a->any, n) == -1 || listen(fd, LIMIT_LISTEN_BACKLOG) == -1) {
		io_close(&fd);
		return ERR_SYS;
	}
	*out = fd;
	return ERR_OK;
}

/* Is a socket there at which nobody answers any more? */
static bool
is_stale(const struct sockaddr_un *un)
{
	struct stat st;
	bool is_dead;
	int fd;

	if (lstat(un->sun_path, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return false;
	is_dead =
	    connect(fd, (const struct sockaddr *)un, sizeof *un) == -1 && errno == ECONNREFUSED;
	io_close(&fd);
	return is_dead;
}

static enum err
open_unix(const struct setup *s, struct listen *l, struct reason *why)
{
	const char *path = s->conf->listen + strlen(CONF_UNIX_PREFIX);
	union address a = {.un = {.sun_family = AF_UNIX}};
	mode_t mask;
	enum err e;

	memcpy(a.un.sun_path, path, strlen(path) + 1);
	if (is_stale(&a.un))
		unlink(path);
	mask = umask(SOCKET_MODE_MASK);
	e = listen_at(&a, sizeof a.un, &l->fd);
	umask(mask);
	if (e != ERR_OK && errno == EADDRINUSE)
		return reason_set(why, ERR_BUSY,
		    "%s is in the way: another server answers there, or it isn't a socket.", path);
	if (e != ERR_OK && errno == ENOENT)
		return reason_set(why, ERR_NOTFOUND,
		    "The folder of %s doesn't exist: make it, owned by the server's user.", path);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't listen at %s", path);
	memcpy(l->unlink, path, strlen(path) + 1);
	if (geteuid() == 0 && lchown(path, s->uid, s->gid) == -1)
		return reason_sys(why, ERR_SYS, "Can't give %s to the server's user", path);
	return ERR_OK;
}

/* conf has checked the form: "127.0.0.1:8480" or "[::1]:8480". */
static enum err
open_tcp(const struct setup *s, struct listen *l, struct reason *why)
{
	const char *text = s->conf->listen, *colon = strrchr(text, ':');
	uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	union address a = {.any = {0}};
	char host[16] = "";
	enum err e;

	if (text[0] == '[') {
		a.v6 = (struct sockaddr_in6){
		    .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback};
		e = listen_at(&a, sizeof a.v6, &l->fd);
	} else {
		memcpy(host, text, (size_t)(colon - text));
		a.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
		e = inet_pton(AF_INET, host, &a.v4.sin_addr) == 1
			? listen_at(&a, sizeof a.v4, &l->fd)
			: ERR_FORMAT;
	}
	if (e == ERR_SYS && errno == EADDRINUSE)
		return reason_set(why, ERR_BUSY, "Another server listens on %s already.", text);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't listen on %s", text);
	return ERR_OK;
}

enum err
listen_open(const struct setup *s, struct listen *l, struct reason *why)
{
	size_t prefix = strlen(CONF_UNIX_PREFIX);
	uint64_t handed = handed_over();
	enum err e;

	*l = (struct listen){.fd = -1};
	if (handed > 1)
		return reason_set(why, ERR_USAGE, "systemd must hand over exactly one socket.");
	if (handed == 1)
		e = take_handed_over(l, why);
	else if (strncmp(s->conf->listen, CONF_UNIX_PREFIX, prefix) == 0)
		e = open_unix(s, l, why);
	else
		e = open_tcp(s, l, why);
	if (e == ERR_OK && describe(l->fd, l->text) != ERR_OK)
		e = reason_sys(why, ERR_SYS, "Can't tell where the server listens");
	if (e != ERR_OK)
		listen_close(l);
	return e;
}

void
listen_close(struct listen *l)
{
	io_close(&l->fd);
	if (l->unlink[0] != '\0')
		unlink(l->unlink);
	l->unlink[0] = '\0';
}
