#include "peer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "wire/wire.h"

#define HEAD            5
#define SIMPLE          4 /* the head of the simple form: as many numbers as bytes */
#define DESCRIPTORS_MAX 256

static size_t
take_length(const uint8_t *p)
{
	return p[0] | (size_t)p[1] << 8;
}

static void
take_content(const uint8_t **p, size_t *n, struct peer_step *out)
{
	if (out->fd == PEER_NO_FD || *n < 2)
		return;
	out->content_len = take_length(*p);
	*p += 2;
	*n -= 2;
	if (out->content_len > *n)
		out->content_len = *n;
	out->content = *p;
	*p += out->content_len;
	*n -= out->content_len;
}

bool
peer_next(const uint8_t **p, size_t *n, struct peer_step *out)
{
	const uint8_t *head = *p;

	if (*n < HEAD)
		return false;
	*out = (struct peer_step){.op = head[0],
	    .ref = head[1],
	    .len = take_length(head + 2),
	    .err = head[4] & 31,
	    .fd = head[4] >> 5,
	    .body = head + HEAD};
	*n -= HEAD;
	out->has = out->len < *n ? out->len : *n;
	*p = head + HEAD + out->has;
	*n -= out->has;
	take_content(p, n, out);
	return true;
}

static int
unsealed(const struct peer_step *s)
{
	int fd = memfd_create("peer", MFD_CLOEXEC);

	FUZZ_CHECK(fd != -1 && io_write_all(fd, s->content, s->content_len) == ERR_OK);
	return fd;
}

int
peer_open(const struct peer_step *s)
{
	int fd = -1, ends[2];

	switch ((enum peer_fd)s->fd) {
	case PEER_SEALED:
	case PEER_TWO: FUZZ_CHECK(wire_memfd(s->content, s->content_len, &fd) == ERR_OK); break;
	case PEER_UNSEALED: fd = unsealed(s); break;
	case PEER_PIPE:
		FUZZ_CHECK(pipe2(ends, O_CLOEXEC) == 0);
		close(ends[1]);
		fd = ends[0];
		break;
	case PEER_NULL: FUZZ_CHECK((fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) != -1); break;
	case PEER_NO_FD:
	case PEER_OWN:
	case PEER_TRUE: break;
	}
	return fd;
}

void
peer_say(int sock, const struct peer_step *s, uint32_t ref, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof fd)] = {0};
	uint32_t head[4] = {s->op, ref, (uint32_t)s->len, s->err};
	uint8_t body[UINT16_MAX];
	struct iovec iov[2] = {{head, sizeof head}, {body, s->has}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = 2};
	size_t fds = s->fd == PEER_TWO ? 2 : 1;
	const int both[2] = {fd, fd};
	struct cmsghdr *c;

	if (s->has > 0)
		memcpy(body, s->body, s->has);
	if (fd != -1) {
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(fds * sizeof fd);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof fd);
		memcpy(CMSG_DATA(c), both, fds * sizeof fd);
	}
	(void)!sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
	io_close(&fd);
}

bool
peer_say_next(int sock, const uint8_t **p, size_t *n)
{
	const uint8_t *at = *p;
	uint32_t head[SIMPLE];
	uint8_t raw[sizeof head + UINT8_MAX];
	size_t len;

	if (*n < SIMPLE)
		return false;
	head[0] = at[0];
	head[1] = at[1];
	head[2] = at[2];
	head[3] = at[3] < 128 ? 0 : at[3];
	*n -= SIMPLE;
	len = at[2] < *n ? at[2] : *n;
	memcpy(raw, head, sizeof head);
	memcpy(raw + sizeof head, at + SIMPLE, len);
	*p = at + SIMPLE + len;
	*n -= len;
	return write(sock, raw, sizeof head + len) != -1;
}

size_t
peer_hear(int sock, enum role from, enum role to)
{
	struct wire_msg m;
	size_t n = 0;
	enum err e;

	/* wire_recv refuses what isn't in the op table. */
	while ((e = wire_recv(sock, from, to, &m)) == ERR_OK) {
		n += m.fd != -1;
		io_close(&m.fd);
	}
	FUZZ_CHECK(e == ERR_AGAIN || e == ERR_CLOSED);
	return n;
}

void
peer_pair(int ends[2])
{
	const int little = 1; /* the kernel takes its least */

	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	FUZZ_CHECK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little) == 0);
}

size_t
peer_descriptors(void)
{
	size_t n = 0;
	int fd;

	for (fd = 0; fd < DESCRIPTORS_MAX; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}
