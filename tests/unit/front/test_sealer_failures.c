#include "owner.h"

#include <sys/resource.h>
#include <sys/wait.h>

/* ---- failures */

static void
expect_failure(int fd, enum err want)
{
	struct sealer *s;
	struct owner o;
	uint64_t i;

	assert_ok(sealer_new(2, 4, &s));
	open_owner(&o, s, fd);
	for (i = 0; i < 40 && o.finished == 0; i++)
		submit(s, &o, i, AGE_CHUNK, i == 39);
	turn_until(s, &o.finished, 1);
	assert_err(o.result, want);
	/* What comes behind it is wiped in silence. */
	while (turn(s, 20))
		;
	assert_int_equal(o.finished, 1);
	close_owner(&o);
	sealer_free(s);
}

static void
failures_are_told_once(void **state)
{
	int ends[2];

	(void)state;
	expect_failure(open("/dev/full", O_WRONLY | O_CLOEXEC), ERR_NOSPACE);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	expect_failure(ends[1], ERR_SYS);
	expect_failure(open("/dev/null", O_RDONLY | O_CLOEXEC), ERR_SYS);
}

/* EFBIG, not a killed process: the workers take no signals. */
static void
a_file_that_grows_too_large(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct rlimit limit = {1 << 20, 1 << 20};

		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(1);
		expect_failure(memfd_create("limited", MFD_CLOEXEC), ERR_SYS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- letting go */

/* After so many chunks and turns, with a buffer in the owner's hands. */
static void
let_go_after(struct sealer *s, unsigned chunks, unsigned turns, bool is_last)
{
	struct owner o;
	uint8_t *p = NULL;
	unsigned i;

	open_owner(&o, s, -1);
	for (i = 0; i < chunks; i++)
		submit(s, &o, i, AGE_CHUNK, is_last && i + 1 == chunks);
	for (i = 0; i < turns; i++)
		turn(s, 1);
	if (sealer_buffer(o.f, &p) == ERR_OK)
		content(p, 1000, 1);
	sealer_drop(s, p, 1000);
	i = o.ready + o.finished;
	sealer_file_free(o.f);
	o.f = NULL;
	while (turn(s, 0))
		;
	assert_int_equal(o.ready + o.finished, i);
	io_close(&o.fd);
}

static void
let_go_in_any_state(void **state)
{
	struct sealer *s;
	unsigned chunks, turns;

	(void)state;
	assert_ok(sealer_new(2, 3, &s));
	for (chunks = 0; chunks < 7; chunks++)
		for (turns = 0; turns < 4; turns++) {
			let_go_after(s, chunks, turns, false);
			let_go_after(s, chunks, turns, true);
		}
	sealer_free(s);
}

static void
let_go_when_ready(void **state)
{
	uint8_t *p = NULL;
	struct sealer *s;
	struct owner o;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fill_pipe(ends[1]);
	assert_ok(sealer_new(2, 1, &s));
	open_owner(&o, s, ends[1]);
	o.is_freed_inside = true;
	submit(s, &o, 0, AGE_CHUNK, false);
	assert_err(sealer_buffer(o.f, &p), ERR_AGAIN);
	drain(ends[0], (size_t)fcntl(ends[0], F_GETPIPE_SZ) + AGE_SEALED_CHUNK);
	turn_until(s, &o.ready, 1);
	assert_null(o.f);
	while (turn(s, 5))
		;
	assert_int_equal(o.ready + o.finished, 1);
	sealer_free(s);
	close(ends[0]);
}

static void
let_go_when_finished(void **state)
{
	struct sealer *s;
	struct owner o;

	(void)state;
	assert_ok(sealer_new(2, 1, &s));
	open_owner(&o, s, -1);
	o.is_freed_inside = true;
	submit(s, &o, 0, AGE_CHUNK, true);
	turn_until(s, &o.finished, 1);
	assert_null(o.f);
	while (turn(s, 5))
		;
	assert_int_equal(o.ready + o.finished, 1);
	io_close(&o.fd);
	sealer_free(s);
}

/* A worker that can't get on doesn't hold up the event thread. */
static void
let_go_while_a_worker_is_stuck(void **state)
{
	struct owner stuck, other;
	struct sealer *s;
	int ends[2];
	static uint8_t p[65536];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fill_pipe(ends[1]);
	assert_ok(sealer_new(2, 8, &s));
	open_owner(&stuck, s, ends[1]);
	submit(s, &stuck, 0, AGE_CHUNK, false);
	submit(s, &stuck, 1, AGE_CHUNK, false);
	turn(s, 20);
	sealer_file_free(stuck.f);
	open_owner(&other, s, -1);
	submit(s, &other, 0, 5, true);
	turn_until(s, &other.finished, 1);
	assert_sealed(other.fd, 1, 5);
	close_owner(&other);
	/* The descriptor is closed once the worker can: then the pipe ends. */
	while (read(ends[0], p, sizeof p) > 0)
		;
	assert_int_equal(stuck.ready + stuck.finished, 0);
	close(ends[0]);
	sealer_free(s);
}

/* Not even a closed sealer forgets to close a descriptor. */
static void
the_descriptor_is_closed(void **state)
{
	struct sealer *s;
	struct owner o;
	int ends[2];
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_ok(sealer_new(1, 1, &s));
	open_owner(&o, s, ends[1]);
	sealer_file_free(o.f);
	sealer_free(s);
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failures_are_told_once),
	    cmocka_unit_test(a_file_that_grows_too_large),
	    cmocka_unit_test(let_go_in_any_state),
	    cmocka_unit_test(let_go_when_ready),
	    cmocka_unit_test(let_go_when_finished),
	    cmocka_unit_test(let_go_while_a_worker_is_stuck),
	    cmocka_unit_test(the_descriptor_is_closed),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
