#include "desks.h"

#include <sys/uio.h>

/*
 * No byte of an upload is in this process's memory once intake has let go of
 * it, however it ended. The marker exists only masked, but where a body holds it.
 */
#define MARKER_LEN 24

static const uint8_t masked[MARKER_LEN] = {0x17, 0x0a, 0x1d, 0x16, 0x08, 0x77, 0x63, 0x17, 0x0a,
    0x1c, 0x10, 0x6b, 0x0f, 0x17, 0x01, 0x1e, 0x13, 0x14, 0x09, 0x18, 0x1f, 0x0e, 0x1b, 0x6f};
#define MASK 0x5a

static bool
is_marker(const uint8_t *p)
{
	size_t i;

	for (i = 0; i < MARKER_LEN; i++)
		if ((p[i] ^ MASK) != masked[i])
			return false;
	return true;
}

/* Copies a region through the kernel, which doesn't mind what can't be read. */
static unsigned
count_in(uintptr_t from, uintptr_t to, uint8_t *copy, const uint8_t *not_here)
{
	unsigned found = 0;
	uintptr_t at;
	ssize_t got;
	size_t i, n;

	for (at = from; at < to; at += n - MARKER_LEN + 1) {
		n = to - at < (1 << 20) ? to - at : 1 << 20;
		if (n < MARKER_LEN)
			break;
		got = process_vm_readv(
		    getpid(), &(struct iovec){copy, n}, 1, &(struct iovec){(void *)at, n}, 1, 0);
		for (i = 0; got >= MARKER_LEN && i <= (size_t)got - MARKER_LEN; i++)
			if ((uintptr_t)not_here > at + i ||
			    at + i >= (uintptr_t)not_here + (1 << 20))
				found += is_marker(copy + i);
		explicit_bzero(copy, n);
	}
	return found;
}

/* How often the marker is anywhere in writable memory. */
static unsigned
count_markers(void)
{
	uint8_t *copy =
	    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	unsigned found = 0;
	char line[512], mode[8];

	assert_non_null(maps);
	assert_ptr_not_equal(copy, MAP_FAILED);
	while (fgets(line, sizeof line, maps) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[1] == 'w')
			found += count_in(from, to, copy, copy);
	fclose(maps);
	munmap(copy, 1 << 20);
	return found;
}

/* The marker in a topic, the message, names, types and contents; each `@` is one. */
static void
fill_marked(struct buf *b)
{
	static const char *const text[] = {
	    "--XbX\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n" RIG_TOKEN,
	    "\r\n--XbX\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n@",
	    "\r\n--XbX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"@.@\"\r\n"
	    "Content-Type: text/@\r\nX-Other: @\r\n\r\n@ @",
	    "\r\n--XbX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"@%22\"\r\n\r\n",
	    NULL};
	size_t i, k;
	uint8_t *p;

	for (i = 0; text[i] != NULL; i++)
		for (k = 0; text[i][k] != '\0'; k++) {
			if (text[i][k] != '@') {
				assert_ok(buf_add(b, &text[i][k], 1));
				continue;
			}
			assert_ok(buf_grow(b, MARKER_LEN, &p));
			for (size_t j = 0; j < MARKER_LEN; j++)
				p[j] = masked[j] ^ MASK;
		}
	/* Enough content for several chunks. */
	for (i = 0; i < 10000; i++) {
		assert_ok(buf_grow(b, MARKER_LEN, &p));
		for (k = 0; k < MARKER_LEN; k++)
			p[k] = masked[k] ^ MASK;
	}
	rig_close(b);
}

/* Feeds the first n bytes, then forgets them. */
static void
feed_and_forget(struct rig *r, struct buf *body, size_t n)
{
	enum intake_verdict v;
	size_t at, take;

	assert_true(rig_open(r, body->len, &v));
	for (at = 0; at < n; at += take) {
		take = n - at < 5000 ? n - at : 5000;
		if (!rig_feed(r, body->p + at, take))
			break;
	}
	buf_wipe(body);
}

static void
drop(struct rig *r)
{
	intake_free(r->in);
	r->in = NULL;
	while (rig_turn(r, 20))
		;
}

/* Another upload under way: while there is one, the sealer keeps buffers. */
static struct intake *
open_bystander(struct rig *r)
{
	struct intake *in;
	enum intake_verdict v;

	assert_true(rig_open(r, 1000, &v));
	in = r->in;
	r->in = NULL;
	return in;
}

static bool
has_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
	return false;
#endif
}

/* Stops after n bytes (0: the whole body is stored) and lets go. */
static void
expect_no_traces(size_t n, const char *bad_end)
{
	struct intake *bystander;
	struct buf body;
	struct rig r;
	size_t len;

	if (has_sanitizer())
		skip(); /* their copies of memory aren't ours to wipe */
	buf_init(&body, 1 << 20);
	rig_start(&r, schedule_for(1, 1), 2, 4);
	bystander = open_bystander(&r);
	fill_marked(&body);
	len = body.len;
	assert_true(count_markers() > 10000);
	feed_and_forget(&r, &body, n == 0 ? len : n);
	if (n == 0) {
		assert_int_equal(rig_end(&r), INTAKE_STORED);
	} else {
		/* The measurement works: here there is something to be found. */
		assert_true(count_markers() > 0);
		if (bad_end != NULL) {
			assert_false(rig_feed(&r, bad_end, strlen(bad_end)));
			while (rig_turn(&r, 20))
				;
			assert_int_equal(count_markers(), 0);
		}
	}
	drop(&r);
	assert_int_equal(count_markers(), 0);
	intake_free(bystander);
	rig_stop(&r);
}

/* Chunks that a worker had not come to, because it couldn't write. */
static void
nothing_is_left_in_a_workers_queue(void **state)
{
	static const uint8_t zeros[4096];
	struct intake *bystander;
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	size_t used;
	int ends[2];

	(void)state;
	if (has_sanitizer())
		skip();
	buf_init(&body, 1 << 20);
	fill_marked(&body);
	rig_start(&r, schedule_for(1, 1), 1, 2);
	bystander = open_bystander(&r);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], zeros, sizeof zeros) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	r.store.give = ends[1];
	assert_true(rig_open(&r, body.len, &v));
	assert_err(intake_put(r.in, body.p, body.len, &used), ERR_AGAIN);
	buf_wipe(&body);
	while (count_markers() > (used - AGE_CHUNK) / MARKER_LEN + 100)
		usleep(
		    1000); /* until the worker has sealed the first of two, and is stuck with it */
	intake_free(r.in);
	r.in = NULL;
	assert_true(count_markers() > 2000);
	close(ends[0]);
	while (rig_turn(&r, 100))
		;
	assert_int_equal(count_markers(), 0);
	intake_free(bystander);
	rig_stop(&r);
}

static void
nothing_is_left_of_a_stored_upload(void **state)
{
	(void)state;
	expect_no_traces(0, NULL);
}

static void
nothing_is_left_of_an_aborted_upload(void **state)
{
	(void)state;
	expect_no_traces(184, NULL); /* in the message */
	expect_no_traces(330, NULL); /* in a part's header */
	expect_no_traces(600, NULL); /* in a file */
	expect_no_traces(70000, NULL);
	expect_no_traces(200000, NULL);
}

static void
nothing_is_left_of_a_refused_upload(void **state)
{
	(void)state;
	expect_no_traces(70000, "\r\n--XbXx");
	expect_no_traces(70000, "\r\n--XbX\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_left_of_a_stored_upload),
	    cmocka_unit_test(nothing_is_left_of_an_aborted_upload),
	    cmocka_unit_test(nothing_is_left_of_a_refused_upload),
	    cmocka_unit_test(nothing_is_left_in_a_workers_queue),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
