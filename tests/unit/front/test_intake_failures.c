#include "desks.h"

/* A truncated body is never stored, wherever it ends. */
static void
any_truncation_is_refused(void **state)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	size_t n;

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	for (n = 1; n < body.len - 2; n++) {
		v = rig_upload(&r, body.p, n, 1000);
		assert_int_equal(v, INTAKE_MALFORMED);
	}
	assert_int_equal(r.store.commits, 0);
	rig_stop(&r);
	buf_wipe(&body);
}

/* ---- the client is gone */

static void
let_go(struct rig *r)
{
	intake_free(r->in);
	r->in = NULL;
	while (rig_turn(r, 5))
		;
	assert_int_equal(r->env.in_flight, 0);
}

static void
gone_before_the_descriptor(void **state)
{
	enum intake_verdict v = INTAKE_PENDING;
	struct intake_request q;
	struct rig r;
	size_t used;

	(void)state;
	rig_start(&r, schedule_for(1, 1), 1, 4);
	q = rig_request(&r, 10);
	assert_ok(intake_start(&r.env, &q, &r.in, &v));
	assert_err(intake_put(r.in, "0123456789", 10, &used), ERR_AGAIN);
	assert_int_equal(used, 0);
	let_go(&r);
	assert_int_equal(r.store.aborts, 1);
	assert_int_equal(r.wakes, 0);
	/* An empty body ends before the store has answered. */
	assert_ok(intake_start(&r.env, &q, &r.in, &v));
	intake_end(r.in);
	assert_int_equal(intake_verdict(r.in), INTAKE_MALFORMED);
	assert_int_equal(r.store.aborts, 2);
	rig_stop(&r);
}

static void
gone_after_every_byte(void **state)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	size_t n;

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	for (n = 0; n <= body.len; n++) {
		assert_true(rig_open(&r, body.len, &v));
		assert_true(rig_feed(&r, body.p, n));
		intake_free(r.in);
		r.in = NULL;
	}
	while (rig_turn(&r, 5))
		;
	assert_int_equal(r.store.aborts, body.len + 1);
	assert_int_equal(r.store.commits, 0);
	rig_stop(&r);
	buf_wipe(&body);
}

/* After so many turns of the loop behind intake_end; until one finds the upload committed. */
static void
gone_at_every_turn_behind_the_body(void **state)
{
	uint8_t *p = calloc(1, 3 << 20);
	enum intake_verdict v;
	struct buf body;
	bool is_stored = false;
	unsigned turns, i;
	struct rig r;

	(void)state;
	assert_non_null(p);
	buf_init(&body, 4 << 20);
	rig_field(&body, "token", RIG_TOKEN);
	rig_file_part(&body, "a", "a/b", p, 3 << 20);
	rig_close(&body);
	rig_start(&r, schedule_for(1, 1), 1, 2);
	for (turns = 0; !is_stored; turns++) {
		assert_true(rig_open(&r, body.len, &v));
		assert_true(rig_feed(&r, body.p, body.len));
		intake_end(r.in);
		for (i = 0; i < turns && intake_verdict(r.in) == INTAKE_PENDING; i++)
			assert_true(rig_turn(&r, 1000));
		is_stored = intake_verdict(r.in) == INTAKE_STORED;
		let_go(&r);
		assert_int_equal(r.store.aborts, is_stored ? turns : turns + 1);
	}
	assert_true(turns > 3);
	rig_stop(&r);
	buf_wipe(&body);
	free(p);
}

/* ---- store and medium */

static void
what_the_store_says(void **state)
{
	static const struct {
		enum err e;
		enum intake_verdict verdict;
	} t[] = {
	    {ERR_NOSPACE, INTAKE_NO_ROOM},
	    {ERR_LIMIT, INTAKE_TOO_LARGE},
	    {ERR_BUSY, INTAKE_BUSY},
	    {ERR_SYS, INTAKE_STORE_FAILED},
	    {ERR_CLOSED, INTAKE_STORE_FAILED},
	};
	struct buf body;
	struct rig r;
	size_t i;
	int when;

	(void)state;
	fill_good(&body);
	for (i = 0; i < sizeof t / sizeof *t; i++)
		for (when = 0; when < 4; when++) {
			rig_start(&r, schedule_for(1, 1), 1, 4);
			*(enum err *[]){&r.store.begin_now, &r.store.begin_later,
			    &r.store.commit_now, &r.store.commit_later}[when] = t[i].e;
			assert_int_equal(rig_upload(&r, body.p, body.len, 100), t[i].verdict);
			assert_int_equal(r.store.stored, -1);
			assert_int_equal(r.store.aborts, when == 2);
			rig_stop(&r);
		}
	buf_wipe(&body);
}

/* Writing fails: the file system is full, the other end is gone, the file is too large. */
static void
what_the_descriptor_says(void **state)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	uint8_t *p = calloc(1, 1 << 20);
	int ends[2];

	(void)state;
	assert_non_null(p);
	buf_init(&body, 1 << 21);
	rig_field(&body, "token", RIG_TOKEN);
	rig_file_part(&body, "a", "a/b", p, 1 << 20);
	rig_close(&body);
	rig_start(&r, schedule_for(1, 1), 2, 4);
	assert_int_not_equal(r.store.give = open("/dev/full", O_WRONLY | O_CLOEXEC), -1);
	v = rig_upload(&r, body.p, body.len, 4096);
	assert_int_equal(v, INTAKE_NO_ROOM);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	r.store.give = ends[1];
	v = rig_upload(&r, body.p, body.len, 4096);
	assert_int_equal(v, INTAKE_STORE_FAILED);
	assert_int_equal(r.store.aborts, 2);
	assert_int_equal(r.store.commits, 0);
	rig_stop(&r);
	buf_wipe(&body);
	free(p);
}

/* ---- several at once */

#define MANY 20

/* Through few buffers: everybody waits, and everybody gets there. */
static void
many_share_few_buffers(void **state)
{
	struct intake *in[MANY] = {NULL};
	size_t at[MANY] = {0}, used, i, left = MANY;
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	uint8_t *p = malloc(1 << 20);

	(void)state;
	assert_non_null(p);
	harness_fill(p, 1 << 20, 7);
	buf_init(&body, 2 << 20);
	rig_field(&body, "token", RIG_TOKEN);
	rig_file_part(&body, "a", "a/b", p, 1 << 20);
	rig_close(&body);
	rig_start(&r, schedule_for(1, 1), 2, 2);
	for (i = 0; i < MANY; i++) {
		assert_true(rig_open(&r, body.len, &v));
		in[i] = r.in;
		r.in = NULL;
	}
	while (left > 0) {
		for (i = 0; i < MANY; i++) {
			enum err e;

			if (in[i] == NULL)
				continue;
			if (intake_verdict(in[i]) == INTAKE_STORED) {
				intake_free(in[i]);
				in[i] = NULL;
				left--;
				continue;
			}
			if (at[i] == body.len)
				continue;
			e = intake_put(in[i], body.p + at[i], body.len - at[i], &used);
			assert_true(e == ERR_OK || e == ERR_AGAIN);
			at[i] += used;
			if (at[i] == body.len)
				intake_end(in[i]);
		}
		if (left > 0)
			assert_true(rig_turn(&r, 5000) || left == 0);
	}
	assert_int_equal(r.store.commits, MANY);
	rig_stop(&r);
	buf_wipe(&body);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_truncation_is_refused),
	    cmocka_unit_test(gone_before_the_descriptor),
	    cmocka_unit_test(gone_after_every_byte),
	    cmocka_unit_test(gone_at_every_turn_behind_the_body),
	    cmocka_unit_test(what_the_store_says),
	    cmocka_unit_test(what_the_descriptor_says),
	    cmocka_unit_test(many_share_few_buffers),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
