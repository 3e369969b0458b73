/* Every byte of a range is handed over once, right, in its run; the first run with an error says
 * which. */
#include "desk.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "item.h"
#include "sweep.h"

#define SIZE 9000000

static struct desk desk;
static struct item *item;
static int fd;
static uint8_t *whole; /* the plaintext, read in order */

static int
setup(void **state)
{
	(void)state;
	desk_init(&desk, 1);
	fd = desk_seal_file(SIZE);
	assert_ok(item_open_in(desk.v, fd, RIG_EPOCH, &item));
	assert_non_null(whole = malloc((size_t)age_open_size(item->age)));
	assert_ok(age_open_read(item->age, 0, whole, (size_t)age_open_size(item->age)));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(whole);
	item_free(item);
	close(fd);
	desk_wipe(&desk);
	return 0;
}

struct seen {
	pthread_mutex_t lock;
	uint64_t from, to;
	size_t visits, bytes, wrong;
	uint8_t runs[64];
	size_t bad[2]; /* runs that the visitor refuses; the first waits for the second */
	enum err say[2];
	bool is_late;
};

static void
look_at(struct seen *s, size_t i, uint64_t at, const uint8_t *p, size_t n)
{
	s->visits++;
	s->bytes += n;
	s->runs[i]++;
	s->wrong += at < s->from || n > s->to - at || memcmp(p, whole + at, n) != 0;
	s->wrong += (at / SWEEP_RUN - s->from / SWEEP_RUN) != i;
}

static enum err
visit(void *ctx, size_t i, uint64_t at, uint8_t *p, size_t n)
{
	struct seen *s = ctx;
	enum err e = ERR_OK;

	pthread_mutex_lock(&s->lock);
	look_at(s, i, at, p, n);
	if (i == s->bad[1]) {
		s->is_late = true;
		e = s->say[1];
	}
	pthread_mutex_unlock(&s->lock);
	memset(p, 0xff, n); /* it may */
	if (i != s->bad[0])
		return e;
	/* The later error first, where there is a second thread to meet it. */
	for (i = 0; i < 200; i++) {
		pthread_mutex_lock(&s->lock);
		n = s->is_late;
		pthread_mutex_unlock(&s->lock);
		if (n)
			break;
		poll(NULL, 0, 1);
	}
	return s->say[0];
}

static enum err
sweep_all(struct seen *s, uint64_t from, uint64_t to)
{
	pthread_mutex_init(&s->lock, NULL);
	s->from = from;
	s->to = to;
	return sweep(item->age, from, to, (struct sweep_visitor){s, visit});
}

#define NEVER .bad = {SIZE_MAX, SIZE_MAX}

static void
comes_whole(uint64_t from, uint64_t to)
{
	struct seen s = {NEVER};
	size_t i, n = sweep_runs(from, to);

	assert_ok(sweep_all(&s, from, to));
	assert_int_equal(s.visits, n);
	assert_int_equal(s.bytes, to - from);
	assert_int_equal(s.wrong, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(s.runs[i], 1);
}

static void
every_range_comes_whole(void **state)
{
	const uint64_t end = age_open_size(item->age);
	uint64_t from, to;
	unsigned i;

	(void)state;
	comes_whole(0, end);
	comes_whole(0, 0);
	comes_whole(end, end);
	comes_whole(end - 1, end);
	for (from = SWEEP_RUN - 2; from <= SWEEP_RUN + 2; from++)
		for (to = 3 * SWEEP_RUN - 2; to <= 3 * SWEEP_RUN + 2; to++)
			comes_whole(from, to);
	for (i = 0; i < 100; i++) {
		from = random_below((uint32_t)end);
		to = from + random_below((uint32_t)(end - from) + 1);
		comes_whole(from, to);
	}
	assert_err(
	    sweep(item->age, 0, end + 1, (struct sweep_visitor){NULL, visit}), ERR_TRUNCATED);
}

/* One core alone, too. */
static void
on_one_core(void **state)
{
	cpu_set_t all, one;
	size_t cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	comes_whole(12345, SIZE);
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void
the_first_error_is_told(void **state)
{
	struct seen s = {.bad = {3, SIZE_MAX}, .say = {ERR_FORMAT, ERR_OK}, .is_late = true};
	struct seen two = {.bad = {3, 4}, .say = {ERR_FORMAT, ERR_NOSPACE}};
	size_t i;

	(void)state;
	assert_err(sweep_all(&s, 0, SIZE), ERR_FORMAT);
	assert_int_equal(s.wrong, 0);
	assert_true(s.visits < sweep_runs(0, SIZE)); /* it doesn't go on to the end */
	assert_err(sweep_all(&two, 0, SIZE), ERR_FORMAT);
	for (i = 0; i <= 3; i++)
		assert_int_equal(two.runs[i], 1);
}

struct far {
	pthread_t caller;
	_Atomic bool is_met;
};

/* Fails on another thread than the caller's, which waits for that. */
static enum err
fail_far(void *ctx, size_t i, uint64_t at, uint8_t *p, size_t n)
{
	struct far *f = ctx;
	unsigned wait;

	(void)i;
	(void)at;
	(void)p;
	(void)n;
	if (!pthread_equal(pthread_self(), f->caller)) {
		errno = EFBIG;
		f->is_met = true;
		return ERR_SYS;
	}
	for (wait = 0; wait < 5000 && !f->is_met; wait++)
		poll(NULL, 0, 1);
	return ERR_OK;
}

/* What a disk says to any thread is what the user reads: a FAT stick's "File too large". */
static void
any_threads_errno_is_told(void **state)
{
	struct far f = {.caller = pthread_self()};
	cpu_set_t set;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	if (CPU_COUNT(&set) == 1)
		skip();
	errno = ENOENT;
	assert_err(sweep(item->age, 0, SIZE, (struct sweep_visitor){&f, fail_far}), ERR_SYS);
	assert_int_equal(errno, EFBIG);
}

static void
a_changed_chunk_is_handed_to_nobody(void **state)
{
	const off_t at = 5 * (off_t)SWEEP_RUN + 1000;
	struct seen s = {NEVER};
	uint8_t byte;

	(void)state;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_err(sweep_all(&s, 0, SIZE), ERR_AUTH);
	assert_int_equal(s.wrong, 0);
	assert_int_equal(s.runs[5] + s.runs[4], 1); /* headers and tags shift it: one of both */
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	comes_whole(0, SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_range_comes_whole),
	    cmocka_unit_test(on_one_core),
	    cmocka_unit_test(the_first_error_is_told),
	    cmocka_unit_test(any_threads_errno_is_told),
	    cmocka_unit_test(a_changed_chunk_is_handed_to_nobody),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("sweep", tests, setup, teardown);
}
