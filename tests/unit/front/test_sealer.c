#include "owner.h"

/* ---- success */

static void
chunks_come_out_in_order(void **state)
{
	struct owner o[3];
	struct sealer *s;
	uint64_t i;
	size_t k;

	(void)state;
	assert_ok(sealer_new(3, 5, &s));
	for (k = 0; k < 3; k++)
		open_owner(&o[k], s, -1);
	for (i = 0; i < 200; i++)
		for (k = 0; k < 3; k++)
			submit(s, &o[k], i, i < 199 ? AGE_CHUNK : 100 + k, i == 199);
	for (k = 0; k < 3; k++) {
		turn_until(s, &o[k].finished, 1);
		assert_ok(o[k].result);
		assert_int_equal(
		    o[k].bytes, 6 + 199 * (uint64_t)AGE_SEALED_CHUNK + 100 + k + AGE_TAG);
		assert_in_range(o[k].ready, 0, 200);
		assert_sealed(o[k].fd, 200, 100 + k);
		close_owner(&o[k]);
	}
	sealer_free(s);
}

static void
an_empty_only_chunk(void **state)
{
	struct sealer *s;
	struct owner o;

	(void)state;
	assert_ok(sealer_new(1, 1, &s));
	open_owner(&o, s, -1);
	submit(s, &o, 0, 0, true);
	turn_until(s, &o.finished, 1);
	assert_int_equal(o.bytes, 6 + AGE_TAG);
	assert_sealed(o.fd, 1, 0);
	close_owner(&o);
	sealer_free(s);
}

/* ---- limits */

static void
parameters_have_limits(void **state)
{
	uint8_t header[SEALER_HEADER_MAX + 1] = {0};
	struct sealer *s = NULL;
	struct owner o;

	(void)state;
	assert_err(sealer_new(0, 1, &s), ERR_USAGE);
	assert_err(sealer_new(1, 0, &s), ERR_USAGE);
	assert_err(sealer_new(1000, 1, &s), ERR_USAGE);
	assert_null(s);
	sealer_free(NULL);
	sealer_file_free(NULL);
	assert_ok(sealer_new(1, 1, &s));
	open_owner(&o, s, -1);
	assert_err(sealer_file_start(o.f, &key, header, sizeof header), ERR_USAGE);
	assert_ok(sealer_file_start(o.f, &key, header, sizeof header - 1));
	sealer_drop(s, NULL, 0);
	close_owner(&o);
	sealer_free(s);
}

/* More chunks than permitted are refused, and whoever waits is told, in turn. */
static void
the_workers_hands_are_full(void **state)
{
	struct owner busy, waiting[2];
	int ends[2], held;
	struct sealer *s;
	uint8_t *p = NULL;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fill_pipe(ends[1]);
	held = fcntl(ends[1], F_GETPIPE_SZ);
	assert_ok(sealer_new(1, 2, &s));
	open_owner(&busy, s, ends[1]);
	open_owner(&waiting[0], s, -1);
	open_owner(&waiting[1], s, -1);
	submit(s, &busy, 0, AGE_CHUNK, false);
	submit(s, &busy, 1, 10, true);
	assert_err(sealer_buffer(waiting[0].f, &p), ERR_AGAIN);
	assert_err(sealer_buffer(waiting[1].f, &p), ERR_AGAIN);
	assert_err(sealer_buffer(waiting[1].f, &p), ERR_AGAIN);
	assert_null(p);
	assert_false(turn(s, 20));
	assert_int_equal(waiting[0].ready, 0);
	drain(ends[0], (size_t)held + 6 + AGE_SEALED_CHUNK);
	turn_until(s, &waiting[1].ready, 1);
	assert_int_equal(waiting[0].ready, 1);
	assert_ok(sealer_buffer(waiting[1].f, &p));
	sealer_drop(s, p, 0);
	turn_until(s, &busy.finished, 1);
	assert_ok(busy.result);
	assert_int_equal(waiting[1].ready, 1);
	close(ends[0]);
	close_owner(&busy);
	close_owner(&waiting[0]);
	close_owner(&waiting[1]);
	sealer_free(s);
}

/* An owner that fills the workers' hands in every callback, and waits there until they are done. */
static struct sealer *greedy_sealer;
static uint64_t greedy_chunks;

static void
fill_hands(void *ctx)
{
	struct pollfd p = {.fd = sealer_fd(greedy_sealer), .events = POLLIN};
	struct owner *o = ctx;
	uint8_t *buffer = NULL;

	o->ready++;
	while (sealer_buffer(o->f, &buffer) == ERR_OK) {
		content(buffer, AGE_CHUNK, greedy_chunks++);
		sealer_submit(o->f, buffer, AGE_CHUNK, false);
	}
	assert_int_equal(poll(&p, 1, 10000), 1);
}

/* However much a callback finds to do, one turn calls it once. */
static void
one_turn_ends(void **state)
{
	struct sealer_events ev;
	struct owner o;
	unsigned i;

	(void)state;
	greedy_chunks = 0;
	assert_ok(sealer_new(1, 4, &greedy_sealer));
	ev = (struct sealer_events){&o, fill_hands, on_finished};
	open_owner_with(&o, greedy_sealer, -1, &ev);
	fill_hands(&o);
	for (i = 2; i <= 6; i++) {
		assert_true(turn(greedy_sealer, 10000));
		assert_int_equal(o.ready, i);
	}
	assert_true(greedy_chunks >= 4 + 5 * 2);
	close_owner(&o);
	sealer_free(greedy_sealer);
}

/* After the worker the buffer holds ciphertext, after a drop zeros. */
static void
buffers_come_back_clean(void **state)
{
	static uint8_t plain[AGE_CHUNK];
	struct sealer *s;
	struct owner o;
	uint8_t *p, *again;

	(void)state;
	assert_ok(sealer_new(1, 1, &s));
	open_owner(&o, s, -1);
	assert_ok(sealer_buffer(o.f, &p));
	content(p, AGE_CHUNK, 0);
	sealer_submit(o.f, p, AGE_CHUNK, false);
	while (sealer_buffer(o.f, &again) == ERR_AGAIN)
		assert_true(turn(s, 10000));
	assert_ptr_equal(p, again);
	content(plain, AGE_CHUNK, 0);
	assert_null(memmem(again, AGE_CHUNK, plain + 100, 4));
	content(again, 5000, 1);
	sealer_drop(s, again, 5000);
	assert_ok(sealer_buffer(o.f, &p));
	assert_ptr_equal(p, again);
	memset(plain, 0, sizeof plain);
	assert_memory_equal(p, plain, 5000);
	sealer_drop(s, p, 0);
	close_owner(&o);
	sealer_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chunks_come_out_in_order),
	    cmocka_unit_test(an_empty_only_chunk),
	    cmocka_unit_test(parameters_have_limits),
	    cmocka_unit_test(the_workers_hands_are_full),
	    cmocka_unit_test(one_turn_ends),
	    cmocka_unit_test(buffers_come_back_clean),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
