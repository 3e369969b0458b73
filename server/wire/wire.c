#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"

/* What precedes the body on the wire: the fields of struct wire_msg before fd. */
struct head {
	uint32_t op;
	uint32_t ref;
	uint32_t len;
	int32_t err;
};

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* More descriptors than we ever accept, so that the surplus reaches us and is closed. */
#define FDS_MAX     8
#define MEMFD_BLOCK ((size_t)64 * 1024)

enum err
wire_pair(int ends[2])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == -1)
		return ERR_SYS;
	ends[0] = pair[0];
	ends[1] = pair[1];
	return ERR_OK;
}

static bool
fd_fits(const struct op_rule *r, int32_t result, bool has_fd)
{
	switch (r->fd) {
	case OP_FD_NEVER: return !has_fd;
	case OP_FD_ALWAYS: return has_fd;
	case OP_FD_IF_OK: return has_fd == (result == ERR_OK);
	}
	return false;
}

/* What doesn't depend on who speaks. */
static bool
shape_fits(const struct op_rule *r, const struct wire_msg *m)
{
	return m->len >= r->min && m->len <= r->max && m->err >= ERR_OK && m->err <= ERR_USAGE &&
	       (r->is_answer || m->err == ERR_OK) && fd_fits(r, m->err, m->fd != -1);
}

enum err
wire_check(enum role from, enum role to, const struct wire_msg *m)
{
	const struct op_rule *r = op_rule(m->op);

	if (r == NULL || (r->from & 1u << from) == 0 || (r->to & 1u << to) == 0 ||
	    !shape_fits(r, m))
		return ERR_FORMAT;
	return ERR_OK;
}

static enum err
socket_errno(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS: return ERR_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN: return ERR_CLOSED;
	default: return ERR_SYS;
	}
}

static void
attach_fd(struct msghdr *h, char *control, size_t size, int fd)
{
	struct cmsghdr *c;

	memset(control, 0, size);
	h->msg_control = control;
	h->msg_controllen = size;
	c = CMSG_FIRSTHDR(h); /* there is room for one, so it isn't NULL */
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

static enum err
send_msg(int sock, struct wire_msg *m)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct head head = {m->op, m->ref, m->len, m->err};
	struct iovec iov[2] = {{&head, sizeof head}, {m->body, m->len}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = 2};
	const struct op_rule *r = op_rule(m->op);
	ssize_t n;

	if (r == NULL || m->len > sizeof m->body || !shape_fits(r, m))
		return ERR_USAGE;
	if (m->fd != -1)
		attach_fd(&h, control, sizeof control, m->fd);
	do
		n = sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	return n == -1 ? socket_errno() : ERR_OK;
}

enum err
wire_send(int sock, enum op op, uint32_t ref, enum err result, const void *body, size_t len, int fd)
{
	struct wire_msg m;

	if (len > sizeof m.body)
		return ERR_USAGE;
	m.op = op;
	m.ref = ref;
	m.len = (uint32_t)len;
	m.err = (int32_t)result;
	m.fd = fd;
	if (len > 0)
		memcpy(m.body, body, len);
	return send_msg(sock, &m);
}

static enum err
wait_for(int sock, short events, int ms)
{
	struct pollfd p = {.fd = sock, .events = events};
	int n;

	do
		n = poll(&p, 1, ms);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return ERR_SYS;
	return n == 0 ? ERR_AGAIN : ERR_OK;
}

enum err
wire_send_wait(int sock, struct wire_msg *m, int ms)
{
	enum err e;

	if ((e = send_msg(sock, m)) != ERR_AGAIN || (e = wait_for(sock, POLLOUT, ms)) != ERR_OK)
		return e;
	return send_msg(sock, m);
}

/* Takes the first descriptor of a received message, closes all others; says how many there were. */
static size_t
take_fds(struct msghdr *h, int *first)
{
	struct cmsghdr *c;
	size_t i, n, all = 0;
	int fd;

	*first = -1;
	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (all++ == 0)
				*first = fd;
			else
				close(fd);
		}
	}
	return all;
}

enum err
wire_recv(int sock, enum role from, enum role to, struct wire_msg *m)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct head head = {0};
	struct iovec iov[2] = {{&head, sizeof head}, {m->body, sizeof m->body}};
	struct msghdr h = {.msg_iov = iov,
	    .msg_iovlen = 2,
	    .msg_control = control,
	    .msg_controllen = sizeof control};
	size_t fds;
	ssize_t n;

	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return socket_errno();
	fds = take_fds(&h, &m->fd);
	if (n == 0) {
		io_close(&m->fd);
		return ERR_CLOSED;
	}
	m->op = head.op;
	m->ref = head.ref;
	m->len = head.len;
	m->err = head.err;
	if (fds <= 1 && (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && (size_t)n >= sizeof head &&
	    (size_t)n - sizeof head == m->len && wire_check(from, to, m) == ERR_OK)
		return ERR_OK;
	io_close(&m->fd);
	return ERR_FORMAT;
}

enum err
wire_wait(int sock, enum role from, enum role to, int ms, struct wire_msg *m)
{
	enum err e;

	if ((e = wait_for(sock, POLLIN, ms)) != ERR_OK)
		return e;
	return wire_recv(sock, from, to, m);
}

enum err
wire_memfd(const void *p, size_t n, int *out)
{
	enum err e = ERR_OK;
	int fd;

	if ((fd = memfd_create("sealslot", MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
		return io_errno();
	if ((e = io_write_all(fd, p, n)) == ERR_OK && fcntl(fd, F_ADD_SEALS, SEALS) == -1)
		e = io_errno();
	if (e == ERR_OK)
		*out = fd;
	else
		io_close(&fd);
	return e;
}

/* The next block from offset at; *got is 0 at the end. */
static enum err
read_block(int fd, size_t at, struct buf *out, size_t *got)
{
	size_t want = MEMFD_BLOCK < out->max - out->len ? MEMFD_BLOCK : out->max - out->len;
	uint8_t beyond, *to = &beyond;
	bool is_full = want == 0;
	enum err e;
	ssize_t n;

	if (!is_full && (e = buf_grow(out, want, &to)) != ERR_OK)
		return e;
	do
		n = pread(fd, to, is_full ? 1 : want, (off_t)at);
	while (n == -1 && errno == EINTR);
	if (!is_full)
		out->len -= want - (n > 0 ? (size_t)n : 0);
	*got = n > 0 ? (size_t)n : 0;
	if (n == -1)
		return io_errno();
	return is_full && n > 0 ? ERR_LIMIT : ERR_OK;
}

/* Without fstat: in glibc that is a call that can look at any path, so front may not make it. */
enum err
wire_memfd_read(int fd, struct buf *out)
{
	size_t before = out->len, at = 0, got = 0;
	enum err e;
	int seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 || (seals & SEALS) != SEALS)
		return ERR_MODE;
	do {
		e = read_block(fd, at, out, &got);
		at += got;
	} while (e == ERR_OK && got > 0);
	if (e != ERR_OK)
		out->len = before;
	return e;
}
