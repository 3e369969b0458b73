#include "keystore_rig.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* One writer at a time, and what one leaves that was killed. */

static void
one_writer_at_a_time(void **state)
{
	struct keystore *other;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_open(f.path, &f.pass, &other));
	assert_ok(keystore_lock(f.k));
	assert_ok(keystore_lock(f.k));
	assert_err(keystore_lock(other), ERR_BUSY);
	assert_ok(keystore_put(f.k, "a.age", "x", 1));
	/* The running writer's temporary file is no leftover. */
	assert_ok(
	    io_write_new(keystore_dir(f.k), ".tmp.0123456789abcdef0123456789abcdef", "x", 1, 0600));
	keystore_free(other);
	assert_ok(keystore_open(f.path, &f.pass, &other));
	assert_int_equal(count_leftovers(f.path), 1);
	keystore_free(f.k);
	assert_ok(keystore_lock(other));
	keystore_free(other);
	assert_ok(keystore_open_public(f.path, &f.k));
	assert_int_equal(count_leftovers(f.path), 0);
	teardown(&f);
}

static void
cleans_only_its_own_leftovers(void **state)
{
	static const char *const keep[] = {".tmp.x", ".tmp.0123456789abcdef0123456789abcdeg",
	    ".tmp.0123456789abcdef0123456789abcdef0", "tmp.0123456789abcdef0123456789abcdef"};
	struct fixture f;
	size_t i;

	(void)state;
	setup(&f);
	for (i = 0; i < 4; i++)
		assert_ok(io_write_new(keystore_dir(f.k), keep[i], "x", 1, 0600));
	assert_ok(io_write_new(
	    keystore_dir(f.k), "epochs/.tmp.0123456789abcdef0123456789abcdef", "x", 1, 0600));
	keystore_free(f.k);
	assert_ok(keystore_open(f.path, &f.pass, &f.k));
	assert_int_equal(count_leftovers(below(&f, "epochs")), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(access(below(&f, keep[i]), F_OK), 0);
	teardown(&f);
}

/* ---- killed between any two system calls */

/*
 * Runs step in a child that is killed when it enters its n-th system call.
 * True if it ended by itself before that.
 */
static bool
run_killed(void (*step)(const struct fixture *f), const struct fixture *f, int n)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		step(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	for (; n > 0; n--) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			return true;
		assert_true(WIFSTOPPED(status));
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return false;
}

static void
step_put(const struct fixture *f)
{
	struct keystore *k;

	if (keystore_open(f->path, &f->pass, &k) != ERR_OK ||
	    keystore_put(k, "epochs/tips-2.age", "second", 6) != ERR_OK)
		_exit(1);
	keystore_free(k);
}

static void
step_create(const struct fixture *f)
{
	if (keystore_create_cost(f->path, &f->pass, COST) != ERR_OK)
		_exit(1);
}

static void
a_killed_put_leaves_old_or_new(void **state)
{
	struct secret_text t = {0};
	bool is_done = false;
	struct fixture f;
	int n, old = 0, new = 0;
	enum err e;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "epochs/tips-1.age", "first", 5));
	for (n = 1; !is_done; n++) {
		is_done = run_killed(step_put, &f, n);
		keystore_free(f.k);
		assert_ok(keystore_open(f.path, &f.pass, &f.k));
		assert_int_equal(count_leftovers(f.path), 0);
		assert_int_equal(count_leftovers(below(&f, "epochs")), 0);
		assert_ok(keystore_get(f.k, "epochs/tips-1.age", &t));
		assert_string_equal(t.p, "first");
		secret_text_wipe(&t);
		e = keystore_get(f.k, "epochs/tips-2.age", &t);
		assert_true(e == ERR_OK || e == ERR_NOTFOUND);
		if (e == ERR_OK) {
			assert_string_equal(t.p, "second");
			secret_text_wipe(&t);
			assert_int_equal(unlink(below(&f, "epochs/tips-2.age")), 0);
		}
		old += e == ERR_NOTFOUND;
		new += e == ERR_OK;
	}
	print_message(
	    "killed at %d places: %d times the old state, %d times the new one\n", n - 2, old, new);
	assert_in_range(old, 20, 10000);
	assert_in_range(new, 3, 10000);
	teardown(&f);
}

static void
a_killed_create_can_be_repeated(void **state)
{
	int n, none = 0, whole = 0;
	bool is_done = false;
	struct fixture f;
	enum err e;

	(void)state;
	setup(&f);
	for (n = 1; !is_done; n++) {
		keystore_free(f.k);
		f.k = NULL;
		harness_rmdir(f.path);
		is_done = run_killed(step_create, &f, n);
		e = keystore_open(f.path, &f.pass, &f.k);
		assert_true(e == ERR_OK || e == ERR_NOTFOUND);
		none += e == ERR_NOTFOUND;
		whole += e == ERR_OK;
		if (e == ERR_NOTFOUND) {
			assert_ok(keystore_create_cost(f.path, &f.pass, COST));
			assert_ok(keystore_open(f.path, &f.pass, &f.k));
		}
		assert_int_equal(count_leftovers(f.path), 0);
		assert_ok(keystore_put(f.k, "epochs/tips-1.age", "x", 1));
	}
	print_message(
	    "killed at %d places: %d times nothing, %d times a whole store\n", n - 2, none, whole);
	assert_in_range(none, 20, 10000);
	assert_in_range(whole, 3, 10000);
	teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_writer_at_a_time),
	    cmocka_unit_test(cleans_only_its_own_leftovers),
	    cmocka_unit_test(a_killed_put_leaves_old_or_new),
	    cmocka_unit_test(a_killed_create_can_be_repeated),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("keystore writers", tests, NULL, NULL);
}
