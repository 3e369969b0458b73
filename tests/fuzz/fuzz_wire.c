#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "wire/wire.h"

/* What a peer that is taken over can put on the socket: who sends, to whom, with how many
 * descriptors, then the bytes of one datagram. */
static void
send_raw(int sock, const uint8_t *p, size_t n, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {0};
	uint8_t copy[WIRE_BODY_MAX + 64];
	struct iovec iov = {copy, n < sizeof copy ? n : sizeof copy};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[4] = {0, 1, 2, 2};
	struct cmsghdr *c;

	memcpy(copy, p, iov.iov_len);
	if (n_fds > 0) {
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	FUZZ_CHECK(sendmsg(sock, &h, 0) == (ssize_t)iov.iov_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int ends[2] = {-1, -1};
	static int floor; /* the lowest free descriptor: none may leak */
	const struct op_rule *r;
	enum role from, to;
	struct wire_msg m;
	enum err e;
	int probe;

	if (n < 4)
		return 0;
	if (ends[0] == -1) {
		FUZZ_CHECK(wire_pair(ends) == ERR_OK);
		floor = dup(0);
		close(floor);
	}
	from = (enum role)(p[0] % ROLE_COUNT);
	to = (enum role)(p[1] % ROLE_COUNT);
	send_raw(ends[0], p + 3, n - 3, p[2] % 5);
	e = wire_recv(ends[1], from, to, &m);
	FUZZ_CHECK(e == ERR_OK || e == ERR_FORMAT);
	if (e == ERR_OK) {
		FUZZ_CHECK((r = op_rule(m.op)) != NULL);
		FUZZ_CHECK((r->from >> from & 1) == 1 && (r->to >> to & 1) == 1);
		FUZZ_CHECK(m.len >= r->min && m.len <= r->max && m.len + 16 == n - 3);
		FUZZ_CHECK((m.fd != -1) == (p[2] % 5 == 1) && p[2] % 5 <= 1);
		FUZZ_CHECK(m.err == ERR_OK || r->is_answer);
	} else {
		FUZZ_CHECK(m.fd == -1);
	}
	io_close(&m.fd);
	FUZZ_CHECK((probe = dup(0)) == floor);
	close(probe);
	return 0;
}
