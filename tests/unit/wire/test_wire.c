#include "harness.h"

#include <dirent.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "carry/minisign.h"
#include "wire/wire.h"

static int
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static int
some_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	return fd;
}

/* The lowest role of a mask. */
static enum role
role_of(uint32_t mask)
{
	uint32_t r;

	for (r = 0; (mask & 1u << r) == 0; r++)
		assert_true(r < ROLE_COUNT);
	return (enum role)r;
}

struct wire_raw {
	uint32_t op, ref, len;
	int32_t err;
};

/* What a peer that ignores wire_send could put on the socket. */
static void
send_raw(int sock, const void *p, size_t n, const int *fds, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {0};
	uint8_t copy[WIRE_BODY_MAX + 64];
	struct iovec iov = {copy, n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	assert_true(n <= sizeof copy && n_fds <= 8);
	memcpy(copy, p, n);
	if (n_fds > 0) {
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &h, 0), n);
}

struct pair {
	int a, b;
};

static int
set_up(void **state)
{
	struct pair *p = malloc(sizeof *p);
	int ends[2];

	assert_ok(wire_pair(ends));
	p->a = ends[0];
	p->b = ends[1];
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct pair *p = *state;

	io_close(&p->a);
	io_close(&p->b);
	free(p);
	return 0;
}

static void
every_op_arrives_as_sent(void **state)
{
	const struct op_rule *r;
	struct pair *p = *state;
	uint8_t body[WIRE_BODY_MAX];
	struct wire_msg m;
	uint32_t op;
	int fd;

	harness_fill(body, sizeof body, 1);
	for (op = 1; op < OP_COUNT; op++) {
		r = op_rule(op);
		assert_non_null(r);
		fd = r->fd == OP_FD_NEVER ? -1 : some_fd();
		assert_ok(wire_send(p->a, op, op + 7, ERR_OK, body, r->max, fd));
		assert_ok(wire_recv(p->b, role_of(r->from), role_of(r->to), &m));
		assert_int_equal(m.op, op);
		assert_int_equal(m.ref, op + 7);
		assert_int_equal(m.err, ERR_OK);
		assert_int_equal(m.len, r->max);
		assert_memory_equal(m.body, body, r->max);
		assert_true((m.fd != -1) == (fd != -1));
		if (m.fd != -1)
			assert_int_equal(fcntl(m.fd, F_GETFD), FD_CLOEXEC);
		io_close(&m.fd);
		io_close(&fd);
	}
	assert_null(op_rule(0));
	assert_null(op_rule(OP_COUNT));
	assert_null(op_rule(UINT32_MAX));
}

static void
the_table_fits_the_wire(void **state)
{
	const struct op_rule *r;
	uint32_t op;

	(void)state;
	for (op = 1; op < OP_COUNT; op++) {
		r = op_rule(op);
		assert_true(r->min <= r->max && r->max <= WIRE_BODY_MAX);
		assert_true(r->from != 0 && r->to != 0 && (r->from & r->to) == 0);
		assert_true((r->from | r->to) < 1u << ROLE_COUNT);
		/* Front gets descriptors only from those above it, and hands out none. */
		if ((r->from & 1u << ROLE_FRONT) != 0)
			assert_int_equal(r->fd, OP_FD_NEVER);
	}
}

/* Sends op with a body of len bytes and n_fds descriptors past wire_send; what does wire_recv say?
 */
static enum err
verdict(struct pair *p, const struct wire_raw *head, size_t n_fds, enum role from, enum role to)
{
	uint8_t buf[sizeof *head + WIRE_BODY_MAX + 8] = {0}; /* too long ones, too */
	int fds[8], before, fd = some_fd();
	struct wire_msg m;
	enum err e;
	size_t i;

	for (i = 0; i < 8; i++)
		fds[i] = fd;
	memcpy(buf, head, sizeof *head);
	before = open_fds();
	send_raw(p->a, buf, sizeof *head + head->len, fds, n_fds);
	e = wire_recv(p->b, from, to, &m);
	if (e == ERR_OK)
		assert_int_equal(n_fds, m.fd != -1);
	else
		assert_int_equal(m.fd, -1);
	io_close(&m.fd);
	assert_int_equal(open_fds(), before);
	io_close(&fd);
	return e;
}

static void
wrong_roles_are_refused(void **state)
{
	const struct op_rule *r;
	struct wire_raw head;
	uint32_t op, from, to;
	bool is_allowed;

	for (op = 0; op < OP_COUNT + 2; op++)
		for (from = 0; from < ROLE_COUNT; from++)
			for (to = 0; to < ROLE_COUNT; to++) {
				r = op_rule(op);
				is_allowed = r != NULL && (r->from & 1u << from) != 0 &&
					     (r->to & 1u << to) != 0;
				head = (struct wire_raw){
				    op, 1, r == NULL ? 0 : (uint32_t)r->min, ERR_OK};
				assert_err(verdict(*state, &head, r != NULL && r->fd != OP_FD_NEVER,
					       (enum role)from, (enum role)to),
				    is_allowed ? ERR_OK : ERR_FORMAT);
			}
}

static void
wrong_lengths_are_refused(void **state)
{
	const struct op_rule *r;
	struct wire_raw head;
	uint32_t op, len;

	for (op = 1; op < OP_COUNT; op++) {
		r = op_rule(op);
		for (len = 0; len <= r->max + 3; len++) {
			head = (struct wire_raw){op, 1, len, ERR_OK};
			assert_err(verdict(*state, &head, r->fd != OP_FD_NEVER, role_of(r->from),
				       role_of(r->to)),
			    len >= r->min && len <= r->max ? ERR_OK : ERR_FORMAT);
		}
	}
}

static void
wrong_descriptors_and_errors_are_refused(void **state)
{
	const struct op_rule *r;
	struct wire_raw head;
	bool is_allowed;
	int32_t err;
	uint32_t op;
	size_t fds;

	for (op = 1; op < OP_COUNT; op++) {
		r = op_rule(op);
		for (fds = 0; fds <= 8; fds++)
			for (err = -1; err <= ERR_USAGE + 1; err++) {
				head = (struct wire_raw){op, 1, (uint32_t)r->min, err};
				is_allowed = err >= 0 && err <= ERR_USAGE &&
					     (err == ERR_OK || r->is_answer) &&
					     fds == (r->fd == OP_FD_ALWAYS ||
							(r->fd == OP_FD_IF_OK && err == ERR_OK));
				assert_err(
				    verdict(*state, &head, fds, role_of(r->from), role_of(r->to)),
				    is_allowed ? ERR_OK : ERR_FORMAT);
			}
	}
}

static void
a_length_that_lies_is_refused(void **state)
{
	struct wire_raw head = {OP_BEGIN, 1, sizeof(struct op_begin), ERR_OK};
	uint8_t buf[WIRE_BODY_MAX + 64] = {0};
	struct pair *p = *state;
	struct wire_msg m;
	size_t n;

	memcpy(buf, &head, sizeof head);
	for (n = 1; n <= sizeof buf; n++) {
		send_raw(p->a, buf, n, NULL, 0);
		assert_err(wire_recv(p->b, ROLE_FRONT, ROLE_STORE, &m),
		    n == sizeof head + head.len ? ERR_OK : ERR_FORMAT);
	}
}

static void
random_bytes_do_no_harm(void **state)
{
	uint8_t buf[WIRE_BODY_MAX + 64];
	struct pair *p = *state;
	struct wire_msg m;
	uint32_t i, n;
	int fd = some_fd(), before = open_fds();
	enum err e;

	for (i = 0; i < 20000; i++) {
		harness_fill(buf, sizeof buf, i);
		n = 1 + (i * 37) % (i % 2 == 0 ? 128 : (uint32_t)sizeof buf);
		/* Half of them with a head that gets further. */
		if (i % 4 < 2) {
			memset(buf, 0, 16);
			buf[0] = (uint8_t)(i % (OP_COUNT + 1));
			buf[8] = (uint8_t)(n >= 16 ? n - 16 : 0);
		}
		send_raw(p->a, buf, n, &fd, i % 3 == 0);
		e = wire_recv(
		    p->b, (enum role)(i % ROLE_COUNT), (enum role)(i / 7 % ROLE_COUNT), &m);
		assert_true(e == ERR_OK || e == ERR_FORMAT);
		io_close(&m.fd);
	}
	assert_int_equal(open_fds(), before);
	io_close(&fd);
}

static void
sending_keeps_to_the_table(void **state)
{
	uint8_t body[WIRE_BODY_MAX + 1] = {0};
	struct pair *p = *state;

	assert_err(wire_send(p->a, OP_COUNT, 0, ERR_OK, NULL, 0, -1), ERR_USAGE);
	assert_err(wire_send(p->a, OP_BEGIN, 1, ERR_OK, body, 3, -1), ERR_USAGE);
	assert_err(wire_send(p->a, OP_BEGIN, 1, ERR_OK, body, sizeof body, -1), ERR_USAGE);
	assert_err(wire_send(p->a, OP_ABORT, 1, ERR_SYS, NULL, 0, -1), ERR_USAGE);
	assert_err(wire_send(p->a, OP_ABORT, 1, ERR_OK, NULL, 0, p->b), ERR_USAGE);
	assert_err(wire_send(p->a, OP_LISTEN, 1, ERR_OK, NULL, 0, -1), ERR_USAGE);
}

static void
a_full_socket_says_again_and_a_closed_one_closed(void **state)
{
	struct wire_msg m = {.op = OP_ABORT, .fd = -1};
	struct pair *p = *state;
	enum err e;
	int n = 0;

	while ((e = wire_send(p->a, OP_ABORT, 1, ERR_OK, NULL, 0, -1)) == ERR_OK)
		assert_true(++n < 100000);
	assert_err(e, ERR_AGAIN);
	assert_err(wire_send_wait(p->a, &m, 1), ERR_AGAIN);
	while (n-- > 0)
		assert_ok(wire_recv(p->b, ROLE_FRONT, ROLE_STORE, &m));
	assert_err(wire_recv(p->b, ROLE_FRONT, ROLE_STORE, &m), ERR_AGAIN);
	assert_err(wire_wait(p->b, ROLE_FRONT, ROLE_STORE, 1, &m), ERR_AGAIN);
	m = (struct wire_msg){.op = OP_ABORT, .fd = -1};
	assert_ok(wire_send_wait(p->a, &m, 1000));
	io_close(&p->a);
	assert_ok(wire_wait(p->b, ROLE_FRONT, ROLE_STORE, 1000, &m));
	assert_err(wire_recv(p->b, ROLE_FRONT, ROLE_STORE, &m), ERR_CLOSED);
	assert_err(wire_send(p->b, OP_ABORT, 1, ERR_OK, NULL, 0, -1), ERR_CLOSED);
}

static void
a_memfd_is_whole_sealed_and_bounded(void **state)
{
	uint8_t data[5000], one = 1;
	struct buf b;
	int fd = -1, plain;

	(void)state;
	harness_fill(data, sizeof data, 5);
	assert_ok(wire_memfd(data, sizeof data, &fd));
	buf_init(&b, sizeof data);
	assert_ok(wire_memfd_read(fd, &b));
	assert_int_equal(b.len, sizeof data);
	assert_memory_equal(b.p, data, sizeof data);
	assert_err(wire_memfd_read(fd, &b), ERR_LIMIT);
	assert_int_equal(b.len, sizeof data);
	assert_int_equal(pwrite(fd, &one, 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	io_close(&fd);
	buf_reset(&b);

	assert_ok(wire_memfd(NULL, 0, &fd));
	assert_ok(wire_memfd_read(fd, &b));
	assert_int_equal(b.len, 0);
	io_close(&fd);

	/* Not sealed, not a memfd. */
	plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_err(wire_memfd_read(plain, &b), ERR_MODE);
	io_close(&plain);
	plain = some_fd();
	assert_err(wire_memfd_read(plain, &b), ERR_MODE);
	io_close(&plain);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_op_arrives_as_sent, set_up, tear_down),
	    cmocka_unit_test(the_table_fits_the_wire),
	    cmocka_unit_test_setup_teardown(wrong_roles_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(wrong_lengths_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		wrong_descriptors_and_errors_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_length_that_lies_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(random_bytes_do_no_harm, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sending_keeps_to_the_table, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_full_socket_says_again_and_a_closed_one_closed, set_up, tear_down),
	    cmocka_unit_test(a_memfd_is_whole_sealed_and_bounded),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
