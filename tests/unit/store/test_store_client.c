#include "fixture.h"

#include <dirent.h>
#include <poll.h>

#include "store/store.h"
#include "wire/wire.h"

/* The other end is this test, as an honest store, and as one that isn't. */
struct rig {
	struct fixture *f;
	struct store *s;
	int peer;
	/* what the callbacks have said */
	int n_begun, n_committed, n_gone, n_schedules, n_rooms;
	enum err begun, committed, why;
	int fd;
	uint32_t serial;
	int32_t today;
	size_t text_len, sig_len;
	uint64_t room;
	bool is_writable;
};

static bool is_ready(const struct rig *r);

static void
on_schedule(void *ctx, enum err why, const struct schedule *s, const struct buf *text,
    const struct buf *sig, int32_t today)
{
	struct rig *r = ctx;

	assert_true((s == NULL) == (why != ERR_OK) && (text == NULL) == (s == NULL));
	r->n_schedules++;
	r->why = why;
	r->serial = s == NULL ? 0 : s->serial;
	r->text_len = text == NULL ? 0 : text->len;
	r->sig_len = sig == NULL ? 0 : sig->len;
	r->today = today;
}

static void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	struct rig *r = ctx;

	r->n_rooms++;
	r->room = bytes;
	r->is_writable = is_writable;
}

static void
on_gone(void *ctx)
{
	struct rig *r = ctx;

	r->n_gone++;
	assert_false(is_ready(r));
}

static void
on_begun(void *ctx, enum err e, int fd)
{
	struct rig *r = ctx;

	r->n_begun++;
	r->begun = e;
	r->fd = fd;
}

static void
on_committed(void *ctx, enum err e)
{
	struct rig *r = ctx;

	r->n_committed++;
	r->committed = e;
}

static void
never(void *ctx, enum err e, int fd)
{
	(void)ctx;
	(void)fd;
	fail_msg("a forgotten upload was called back: %s", err_text(e));
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	struct store_events events = {r, on_schedule, on_room, on_gone};
	int ends[2];

	assert_non_null(r);
	fixture_set_up((void **)&r->f);
	assert_ok(wire_pair(ends));
	assert_ok(store_new(ends[0], &r->f->root.public, &events, &r->s));
	r->peer = ends[1];
	r->fd = -1;
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	store_free(r->s);
	io_close(&r->peer);
	io_close(&r->fd);
	fixture_tear_down((void **)&r->f);
	free(r);
	return 0;
}

static bool
is_ready(const struct rig *r)
{
	struct pollfd p = {.fd = store_fd(r->s), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

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

static void
heard(struct rig *r, enum op op, uint32_t ref, struct wire_msg *m)
{
	assert_ok(wire_recv(r->peer, ROLE_FRONT, ROLE_STORE, m));
	assert_int_equal(m->op, op);
	if (ref != 0)
		assert_int_equal(m->ref, ref);
}

static void
say(struct rig *r, enum op op, uint32_t ref, enum err e, int fd)
{
	assert_ok(wire_send(r->peer, op, ref, e, NULL, 0, fd));
	assert_true(is_ready(r));
	store_on_readable(r->s);
}

static const struct store_item item = {.id = "00112233445566778899aabbccddeeff",
    .inbox = "tips",
    .epoch = 3,
    .serial = 4,
    .size = 5,
    .is_signed_in = true};

static void
an_upload_goes_its_way(void **state)
{
	struct rig *r = *state;
	struct op_begin begin;
	struct op_commit c;
	struct wire_msg m;
	uint32_t u = 0;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_ok(store_begin(r->s, 12345, on_begun, r, &u));
	assert_int_not_equal(u, 0);
	heard(r, OP_BEGIN, u, &m);
	memcpy(&begin, m.body, sizeof begin);
	assert_int_equal(begin.body_len, 12345);
	assert_err(store_commit(r->s, u, &item, on_committed, r), ERR_STATE);
	say(r, OP_BEGUN, u, ERR_OK, null);
	assert_int_equal(r->n_begun, 1);
	assert_ok(r->begun);
	assert_int_not_equal(r->fd, -1);
	assert_ok(store_commit(r->s, u, &item, on_committed, r));
	assert_err(store_commit(r->s, u, &item, on_committed, r), ERR_STATE);
	heard(r, OP_COMMIT, u, &m);
	memcpy(&c, m.body, sizeof c);
	assert_string_equal(c.id, item.id);
	assert_string_equal(c.inbox, "tips");
	assert_int_equal(c.epoch, 3);
	assert_int_equal(c.serial, 4);
	assert_int_equal(c.size, 5);
	assert_int_equal(c.is_signed_in, 1);
	say(r, OP_COMMITTED, u, ERR_OK, -1);
	assert_int_equal(r->n_committed, 1);
	assert_ok(r->committed);
	/* It is forgotten. */
	assert_err(store_commit(r->s, u, &item, on_committed, r), ERR_CLOSED);
	store_abort(r->s, u);
	assert_err(wire_recv(r->peer, ROLE_FRONT, ROLE_STORE, &m), ERR_AGAIN);
	close(null);
}

static void
refusals_reach_the_callback(void **state)
{
	struct rig *r = *state;
	uint32_t u, v;

	assert_ok(store_begin(r->s, 1, on_begun, r, &u));
	say(r, OP_BEGUN, u, ERR_NOSPACE, -1);
	assert_err(r->begun, ERR_NOSPACE);
	assert_int_equal(r->fd, -1);
	assert_ok(store_begin(r->s, 1, on_begun, r, &v));
	assert_int_not_equal(u, v); /* the place is the same, the name another */
	say(r, OP_BEGUN, u, ERR_OK, r->peer);
	assert_int_equal(r->n_begun, 1);
}

static void
late_answers_find_nobody(void **state)
{
	struct rig *r = *state;
	struct wire_msg m;
	int fds, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint32_t u, v;

	assert_ok(store_begin(r->s, 1, never, r, &u));
	heard(r, OP_BEGIN, u, &m);
	store_abort(r->s, u);
	heard(r, OP_ABORT, u, &m);
	store_abort(r->s, u);
	assert_err(wire_recv(r->peer, ROLE_FRONT, ROLE_STORE, &m), ERR_AGAIN);
	fds = open_fds();
	say(r, OP_BEGUN, u, ERR_OK, null); /* its descriptor is closed */
	assert_int_equal(open_fds(), fds);

	assert_ok(store_begin(r->s, 1, on_begun, r, &v));
	say(r, OP_BEGUN, v, ERR_OK, null);
	assert_ok(store_commit(r->s, v, &item, on_committed, r));
	store_abort(r->s, v);
	say(r, OP_COMMITTED, v, ERR_OK, -1);
	assert_int_equal(r->n_committed, 0);

	/* Answers to what was never asked. */
	say(r, OP_COMMITTED, 0, ERR_OK, -1);
	say(r, OP_COMMITTED, UINT32_MAX, ERR_OK, -1);
	say(r, OP_BEGUN, 12345, ERR_OK, null);
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(r->n_gone, 0);
	close(null);
}

static void
send_schedule(struct rig *r, const struct buf *text, const struct buf *sig, uint32_t sig_len)
{
	uint8_t body[sizeof(struct op_schedule) + LIMIT_SIGNATURE];
	struct op_schedule head = {.today = 20001, .sig_len = sig_len};
	int fd = -1;

	memcpy(body, &head, sizeof head);
	memcpy(body + sizeof head, sig->p, sig->len);
	assert_ok(wire_memfd(text->p, text->len, &fd));
	assert_ok(wire_send(r->peer, OP_SCHEDULE, 0, ERR_OK, body, sizeof head + sig->len, fd));
	io_close(&fd);
	store_on_readable(r->s);
}

static void
a_schedule_is_believed_under_the_root_key_alone(void **state)
{
	struct fixture_schedule from = {.serial = 7, .issued = 20000, .start = 20000, .epochs = 3};
	struct op_schedule none = {.today = 20002};
	struct rig *r = *state;
	struct buf text, sig;

	fixture_sign(r->f, &from, &text, &sig);
	send_schedule(r, &text, &sig, (uint32_t)sig.len);
	assert_ok(r->why);
	assert_int_equal(r->serial, 7);
	assert_int_equal(r->today, 20001);
	assert_int_equal(r->text_len, text.len);
	assert_int_equal(r->sig_len, sig.len);
	text.p[50] ^= 1;
	send_schedule(r, &text, &sig, (uint32_t)sig.len);
	assert_err(r->why, ERR_AUTH);
	assert_int_equal(r->serial, 0);
	text.p[50] ^= 1;
	send_schedule(r, &text, &sig, (uint32_t)sig.len + 1);
	assert_err(r->why, ERR_AUTH);
	send_schedule(r, &text, &sig, UINT32_MAX);
	assert_err(r->why, ERR_AUTH);
	send_schedule(r, &text, &sig, (uint32_t)sig.len);
	assert_ok(r->why);
	assert_ok(wire_send(r->peer, OP_SCHEDULE, 0, ERR_CLOCK, &none, sizeof none, -1));
	store_on_readable(r->s);
	assert_err(r->why, ERR_CLOCK);
	assert_int_equal(r->today, 20002);
	assert_int_equal(r->n_schedules, 6);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static void
room_is_passed_on(void **state)
{
	struct op_room room = {.bytes = 99, .writable = 1};
	struct rig *r = *state;

	assert_ok(wire_send(r->peer, OP_ROOM, 0, ERR_OK, &room, sizeof room, -1));
	store_on_readable(r->s);
	assert_int_equal(r->room, 99);
	assert_true(r->is_writable);
	room = (struct op_room){0};
	assert_ok(wire_send(r->peer, OP_ROOM, 0, ERR_OK, &room, sizeof room, -1));
	store_on_readable(r->s);
	assert_int_equal(r->room, 0);
	assert_false(r->is_writable);
}

/* More than the socket takes: nothing waits, nothing is lost, and the descriptor says when to go
 * on. */
static void
a_full_socket_only_delays(void **state)
{
	struct rig *r = *state;
	static uint32_t refs[LIMIT_IN_FLIGHT_MAX];
	struct wire_msg m;
	uint32_t u;
	int i, got = 0, rounds = 0;

	for (i = 0; i < LIMIT_IN_FLIGHT_MAX; i++)
		assert_ok(store_begin(r->s, 1, on_begun, r, &refs[i]));
	assert_err(store_begin(r->s, 1, on_begun, r, &u), ERR_BUSY);
	/* One of those that still wait is forgotten before store heard of it. */
	store_abort(r->s, refs[LIMIT_IN_FLIGHT_MAX - 1]);
	assert_ok(store_begin(r->s, 1, on_begun, r, &refs[LIMIT_IN_FLIGHT_MAX - 1]));
	while (got < LIMIT_IN_FLIGHT_MAX) {
		while (wire_recv(r->peer, ROLE_FRONT, ROLE_STORE, &m) == ERR_OK) {
			assert_int_equal(m.op, OP_BEGIN);
			assert_int_equal(m.ref, refs[got]);
			got++;
		}
		rounds++;
		if (got < LIMIT_IN_FLIGHT_MAX)
			assert_true(is_ready(r));
		store_on_readable(r->s);
	}
	assert_true(rounds > 1); /* it was full indeed */
	assert_false(is_ready(r));
	for (i = 0; i < LIMIT_IN_FLIGHT_MAX; i++)
		say(r, OP_BEGUN, refs[i], ERR_BUSY, -1);
	assert_int_equal(r->n_begun, LIMIT_IN_FLIGHT_MAX);
}

static void
a_store_that_dies_leaves_no_question_open(void **state)
{
	struct rig *r = *state;
	int ends[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC), waited_on = store_fd(r->s);
	struct wire_msg m;
	uint32_t waits, open_one, commits;

	assert_ok(store_begin(r->s, 1, on_begun, r, &open_one));
	assert_ok(store_begin(r->s, 1, on_begun, r, &commits));
	say(r, OP_BEGUN, open_one, ERR_OK, null);
	io_close(&r->fd);
	say(r, OP_BEGUN, commits, ERR_OK, null);
	assert_ok(store_commit(r->s, commits, &item, on_committed, r));
	assert_ok(store_begin(r->s, 1, on_begun, r, &waits));
	io_close(&r->peer);
	assert_true(is_ready(r));
	store_on_readable(r->s);
	assert_int_equal(r->n_gone, 1);
	assert_int_equal(r->n_begun, 3);
	assert_err(r->begun, ERR_CLOSED);
	assert_int_equal(r->n_committed, 1);
	assert_err(r->committed, ERR_CLOSED);
	store_on_readable(r->s);
	assert_int_equal(r->n_gone, 1);
	assert_err(store_commit(r->s, open_one, &item, on_committed, r), ERR_CLOSED);
	assert_err(store_begin(r->s, 1, on_begun, r, &waits), ERR_CLOSED);
	store_abort(r->s, open_one);

	/* The next store starts afresh; refs of the old one's time are unknown. */
	assert_ok(wire_pair(ends));
	r->peer = ends[1];
	assert_ok(store_reconnect(r->s, ends[0]));
	assert_int_equal(store_fd(r->s), waited_on);
	assert_false(is_ready(r));
	assert_err(store_commit(r->s, open_one, &item, on_committed, r), ERR_CLOSED);
	assert_ok(store_begin(r->s, 1, on_begun, r, &waits));
	assert_int_not_equal(waits, open_one);
	heard(r, OP_BEGIN, waits, &m);
	/* One that is handed over while the old one still seems to live: it is gone all the same.
	 */
	io_close(&r->peer);
	assert_ok(wire_pair(ends));
	r->peer = ends[1];
	assert_ok(store_reconnect(r->s, ends[0]));
	assert_int_equal(r->n_gone, 2);
	assert_int_equal(r->n_begun, 4);
	close(null);
}

static void
a_store_that_babbles_is_gone(void **state)
{
	struct rig *r = *state;

	assert_int_equal(write(r->peer, "hello", 5), 5);
	store_on_readable(r->s);
	assert_int_equal(r->n_gone, 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(an_upload_goes_its_way),
	    WITH(refusals_reach_the_callback),
	    WITH(late_answers_find_nobody),
	    WITH(a_schedule_is_believed_under_the_root_key_alone),
	    WITH(room_is_passed_on),
	    WITH(a_full_socket_only_delays),
	    WITH(a_store_that_dies_leaves_no_question_open),
	    WITH(a_store_that_babbles_is_gone),
	};

	return cmocka_run_group_tests_name("store store_client", tests, NULL, NULL);
}
