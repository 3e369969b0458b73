#ifndef SEALSLOT_TEST_OWNER_H
#define SEALSLOT_TEST_OWNER_H

/* Files that a test writes through a sealer. */
#include "harness.h"

#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "front/sealer.h"

/* One file that a test writes through a sealer, and what it was told. */
struct owner {
	struct sealer_file *f;
	int fd; /* our own end of a memory file; -1 */
	unsigned ready, finished;
	bool is_freed_inside; /* lets go of the file in the next callback */
	enum err result;
	uint64_t bytes;
	pthread_t thread;
};

static inline void
on_ready(void *ctx)
{
	struct owner *o = ctx;

	assert_int_equal(o->finished, 0);
	assert_true(pthread_equal(o->thread, pthread_self()));
	o->ready++;
	if (o->is_freed_inside) {
		sealer_file_free(o->f);
		o->f = NULL;
	}
}

static inline void
on_finished(void *ctx, enum err e, uint64_t bytes)
{
	struct owner *o = ctx;

	assert_true(pthread_equal(o->thread, pthread_self()));
	o->finished++;
	o->result = e;
	o->bytes = bytes;
	if (o->is_freed_inside) {
		sealer_file_free(o->f);
		o->f = NULL;
	}
}

static const struct age_payload key = {{7, 7, 7}};

static inline void
open_owner_with(struct owner *o, struct sealer *s, int fd, const struct sealer_events *ev)
{
	*o = (struct owner){.fd = -1, .thread = pthread_self()};
	if (fd == -1) {
		assert_int_not_equal(o->fd = memfd_create("sealed", MFD_CLOEXEC), -1);
		assert_int_not_equal(fd = dup(o->fd), -1);
	}
	assert_ok(sealer_file_new(s, fd, ev, &o->f));
	assert_ok(sealer_file_start(o->f, &key, "header", 6));
}

static inline void
open_owner(struct owner *o, struct sealer *s, int fd)
{
	struct sealer_events ev = {o, on_ready, on_finished};

	open_owner_with(o, s, fd, &ev);
}

static inline void
close_owner(struct owner *o)
{
	sealer_file_free(o->f);
	io_close(&o->fd);
}

/* False: nothing came within ms. */
static inline bool
turn(struct sealer *s, int ms)
{
	struct pollfd p = {.fd = sealer_fd(s), .events = POLLIN};

	if (poll(&p, 1, ms) != 1)
		return false;
	sealer_on_readable(s);
	return true;
}

static inline void
turn_until(struct sealer *s, const unsigned *count, unsigned n)
{
	while (*count < n)
		assert_true(turn(s, 10000));
}

/* What chunk number i of a file is filled with. */
static inline void
content(uint8_t *p, size_t n, uint64_t i)
{
	harness_fill(p, n, (uint32_t)i + 1);
}

/* Submits chunk number i; waits for a buffer if it must. */
static inline void
submit(struct sealer *s, struct owner *o, uint64_t i, size_t n, bool is_last)
{
	uint8_t *p = NULL;
	enum err e;

	while ((e = sealer_buffer(o->f, &p)) == ERR_AGAIN) {
		assert_true(turn(s, 10000));
		if (o->finished > 0)
			return; /* it has failed */
	}
	assert_ok(e);
	content(p, n, i);
	sealer_submit(o->f, p, n, is_last);
}

static inline void
assert_sealed(int fd, uint64_t chunks, size_t last_len)
{
	static uint8_t want[AGE_SEALED_CHUNK], got[AGE_SEALED_CHUNK], plain[AGE_CHUNK];
	struct stat st;
	off_t at = 6;
	uint64_t i;
	size_t n;

	assert_ok(io_pread_exact(fd, got, 6, 0));
	assert_memory_equal(got, "header", 6);
	for (i = 0; i < chunks; i++) {
		n = i + 1 < chunks ? AGE_CHUNK : last_len;
		content(plain, n, i);
		age_chunk_seal(&key, i, i + 1 == chunks, want, plain, n);
		assert_ok(io_pread_exact(fd, got, n + AGE_TAG, at));
		assert_memory_equal(got, want, n + AGE_TAG);
		at += (off_t)(n + AGE_TAG);
	}
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, at);
}

/* A pipe that nobody reads holds up the worker. */
static inline void
fill_pipe(int fd)
{
	static const uint8_t zeros[4096];
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

static inline void
drain(int fd, size_t n)
{
	static uint8_t p[65536];
	ssize_t r;

	for (; n > 0; n -= (size_t)r) {
		r = read(fd, p, n < sizeof p ? n : sizeof p);
		assert_true(r > 0);
	}
}

#endif
