#include "breakin.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/random.h"
#include "wire/wire.h"

/* New sockets, and those that it has. */
#define OPS_NOISE 10000

/* ---- network */

static int
connect_to(int type, const struct sockaddr *a, socklen_t n)
{
	int fd = socket(a->sa_family, type, 0);

	return fd == -1 ? errno : result(connect(fd, a, n));
}

static int
connect_tcp(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int e = connect_to(SOCK_STREAM, (const struct sockaddr *)&a, sizeof a);

	return e == ECONNREFUSED ? 0 : e; /* the packet went out */
}

static int
connect_admin(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof a.sun_path, "%s/../admin.sock", breakin.folder);
	return connect_to(SOCK_SEQPACKET, (const struct sockaddr *)&a, sizeof a);
}

/* A door of its own. */
static int
listen_elsewhere(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (const struct sockaddr *)&a, sizeof a) == -1)
		return errno;
	return result(listen(fd, 1));
}

/* ---- the listening socket, which is the parent's, too */

static int
listener(void)
{
	int fd, is_listening = 0;
	socklen_t n = sizeof is_listening;

	for (fd = 4; fd < BREAKIN_LAST_FD; fd++)
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) == 0 &&
		    is_listening)
			return fd;
	return -1;
}

/* To the address that it listened on, where nobody serves port 9. */
static int
fastopen_on(int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &n) == -1)
		return errno;
	a.sin_port = htons(9);
	if (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&a, n) == -1)
		return errno == ECONNREFUSED || errno == EINPROGRESS
			   ? 0
			   : errno; /* the packet went out */
	return 0;
}

/* A listener that was shut down is a socket that may connect. */
static int
connect_listener(void)
{
	int fd = listener();

	return shutdown(fd, SHUT_RD) == -1 ? errno : fastopen_on(fd);
}

static int
fastopen(void)
{
	return fastopen_on(listener());
}

static int
fastopen_message(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct iovec iov = {&a, 1};
	struct msghdr h = {
	    .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &iov, .msg_iovlen = 1};

	return result(sendmsg(listener(), &h, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int
send_to_address(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return result(sendto(listener(), "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&a, sizeof a));
}

/* Also under a number that the kernel takes for the same. */
static int
shut_listener(void)
{
	return result(syscall(SYS_shutdown, (1UL << 32) | (unsigned)listener(), SHUT_RDWR));
}

static int
copy_listener(void)
{
	return result(fcntl(listener(), F_DUPFD_CLOEXEC, 0));
}

/* Nobody would get in any more. */
static int
deafen_listener(void)
{
	int one = 1;

	return result(setsockopt(listener(), SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one));
}

/* ---- its peers: what the other end does about it, the test sees */

static bool
is_peer(int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

/* The socket to the parent is 3; store's and mailbox's are behind it. */
static int
nth_peer(int nth)
{
	int fd;

	for (fd = 4; fd < BREAKIN_LAST_FD; fd++)
		if (is_peer(fd) && nth-- == 0)
			return fd;
	return -1;
}

/* Half of them as the table wants them, with random content, so that they get past the first check.
 */
static int
noise_to(int fd)
{
	uint8_t message[16 + 8192];
	const struct op_rule *r;
	uint32_t head[4], i, len;

	for (i = 0; i < OPS_NOISE; i++) {
		len = random_below(8192);
		if (getrandom(message, sizeof message, 0) == -1)
			return errno;
		head[0] = random_below(OP_COUNT + 2);
		head[1] = random_below(2048);
		r = op_rule(head[0]);
		if (r != NULL && random_below(2) == 0 && r->max < sizeof message)
			len = (uint32_t)r->min;
		head[2] = random_below(8) == 0 ? random_below(9000) : len;
		head[3] = 0;
		memcpy(message, head, sizeof head);
		if (send(fd, message, sizeof head + len, MSG_NOSIGNAL) == -1 && errno != EAGAIN)
			return errno; /* it has hung up */
	}
	return EAGAIN;
}

static int
noise_store(void)
{
	return noise_to(nth_peer(0));
}

static int
noise_mailbox(void)
{
	return noise_to(nth_peer(1));
}

static int
noise_parent(void)
{
	return noise_to(3);
}

/* Store is handed a descriptor that it didn't ask for. */
static int
descriptor_to_store(void)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	uint32_t head[4] = {OP_ABORT, 1, 0, 0};
	struct iovec iov = {head, sizeof head};
	struct msghdr h = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int fd = STDIN_FILENO;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(nth_peer(0), &h, MSG_NOSIGNAL) == -1 ? errno : EAGAIN;
}

const struct attack breakin_sockets[] = {
    {"connect-tcp", connect_tcp},
    {"connect-admin", connect_admin},
    {"connect-listener", connect_listener},
    {"fastopen", fastopen},
    {"fastopen-message", fastopen_message},
    {"send-to-address", send_to_address},
    {"shut-listener", shut_listener},
    {"copy-listener", copy_listener},
    {"deafen-listener", deafen_listener},
    {"listen-elsewhere", listen_elsewhere},
    {"noise-store", noise_store},
    {"noise-mailbox", noise_mailbox},
    {"noise-parent", noise_parent},
    {"descriptor-to-store", descriptor_to_store},
    {NULL, NULL},
};
