#include "harness.h"

#include <malloc.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/limits.h"
#include "front/gate.h"

#define LINE   "PROXY TCP6 fc00:dead:beef:4dad::1:2345 ::1 1 80\r\n"
#define MARKER "SECRET-0123456789-SECRET"
#define GET    "GET / HTTP/1.1\r\nHost: x\r\nCookie: "

/* A gate on a Unix socket, and who comes. */
struct rig {
	struct loop *loop;
	struct gate *gate;
	struct sockaddr_un address;
	int listener, turns_left;
	unsigned let_in;
	enum request_fault fault;
	int inside[LIMIT_CIRCUIT_PLACES + 1];
};

static int64_t
turn(void *ctx)
{
	struct rig *r = ctx;

	if (r->turns_left-- == 0)
		loop_stop(r->loop);
	return 0;
}

static void
admit(void *ctx, int fd, const struct request *q, enum request_fault f, size_t head_len)
{
	struct rig *r = ctx;

	(void)q;
	(void)head_len;
	assert_true(r->let_in < sizeof r->inside / sizeof r->inside[0]);
	r->inside[r->let_in++] = fd;
	r->fault = f;
}

static bool
nobody_yields(void *ctx, uint32_t circuit)
{
	(void)ctx;
	(void)circuit;
	return false;
}

static void
rig_open(struct rig *r, bool has_circuits)
{
	struct gate_setup s = {.header_ms = 10000,
	    .has_circuits = has_circuits,
	    .request = admit,
	    .yield = nobody_yields,
	    .ctx = r};
	socklen_t n = sizeof r->address;

	memset(r, 0, sizeof *r);
	r->address.sun_family = AF_UNIX;
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_not_equal(r->listener, -1);
	/* No name is given: the kernel chooses one that no other test has. */
	assert_int_equal(bind(r->listener, (struct sockaddr *)&r->address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&r->address, &n), 0);
	assert_int_equal(listen(r->listener, 64), 0);
	s.listener = r->listener;
	assert_ok(loop_new(turn, r, &r->loop));
	assert_ok(gate_new(r->loop, &s, &r->gate));
}

static void
rig_close(struct rig *r)
{
	unsigned i;

	for (i = 0; i < r->let_in; i++)
		close(r->inside[i]);
	gate_free(r->gate);
	loop_free(r->loop);
	close(r->listener);
}

static int
come(struct rig *r, const char *text)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* A name that the kernel has chosen has five bytes behind its zero. */
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6);

	assert_int_not_equal(fd, -1);
	assert_int_equal(connect(fd, (struct sockaddr *)&r->address, n), 0);
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	return fd;
}

static bool
is_left(const struct rig *r)
{
	return memmem(r->gate, malloc_usable_size(r->gate), MARKER, strlen(MARKER)) != NULL;
}

/* After some turns of the loop: how many got in, and nothing of anybody is left at the gate. */
static void
expect(struct rig *r, unsigned let_in)
{
	r->turns_left = 4;
	assert_ok(loop_run(r->loop));
	assert_int_equal(r->let_in, let_in);
	assert_int_equal(r->fault, REQUEST_OK);
	assert_false(is_left(r));
}

/* One comes to a gate of its own. */
static void
visit(bool has_circuits, const char *text, unsigned let_in)
{
	struct rig r;
	int fd;

	rig_open(&r, has_circuits);
	fd = come(&r, text);
	expect(&r, let_in);
	close(fd);
	rig_close(&r);
}

static void
heads_are_forgotten(void **state)
{
	(void)state;
	visit(false, GET MARKER "\r\n\r\n", 1);
	visit(false, GET MARKER, 0); /* no end */
}

/* The last bytes lie higher before the circuit's line is taken away than after. */
static void
heads_behind_a_line_are_forgotten(void **state)
{
	(void)state;
	visit(true, LINE GET MARKER "\r\n\r\n", 1);
	visit(true, LINE "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" MARKER, 1);
	visit(true, LINE MARKER, 0);
}

static void
who_is_refused_is_forgotten(void **state)
{
	(void)state;
	visit(true, GET MARKER "\r\n\r\n", 0); /* no line */
	visit(true, "PROXY TCP6 " MARKER, 0);  /* not all of it, or not such a line */
}

static void
one_more_than_a_circuit_gets_is_forgotten(void **state)
{
	int fds[LIMIT_CIRCUIT_PLACES + 1], i;
	struct rig r;

	(void)state;
	rig_open(&r, true);
	for (i = 0; i < LIMIT_CIRCUIT_PLACES; i++)
		fds[i] = come(&r, LINE GET "none\r\n\r\n");
	fds[i] = come(&r, LINE GET MARKER "\r\n\r\n");
	expect(&r, LIMIT_CIRCUIT_PLACES);
	for (i = 0; i <= LIMIT_CIRCUIT_PLACES; i++)
		close(fds[i]);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(heads_are_forgotten),
	    cmocka_unit_test(heads_behind_a_line_are_forgotten),
	    cmocka_unit_test(who_is_refused_is_forgotten),
	    cmocka_unit_test(one_more_than_a_circuit_gets_is_forgotten),
	};

	if (clock_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
