#include "service_rig.h"

/* What a front may ask for, and what becomes of one that asks for more. */

static void
assert_blamed(struct rig *r)
{
	struct op_peer peer;
	struct wire_msg m;

	assert_ok(from_parent(r, &m));
	assert_int_equal(m.op, OP_BLAME);
	memcpy(&peer, m.body, sizeof peer);
	assert_int_equal(peer.role, ROLE_FRONT);
	assert_true(pump_until(r, is_gone, r));
	r->n_gone = 0;
	give_front(r);
}

static void
limits_are_stores_own(void **state)
{
	struct rig *r = *state;
	struct up u[9];
	int i;

	serve(r);
	publish(r, 1);
	assert_ok(begin(r, &u[0], r->f->conf.max_upload));
	io_close(&u[0].fd);
	store_abort(r->s, u[0].ref);
	assert_err(begin(r, &u[0], r->f->conf.max_upload + 1), ERR_LIMIT);
	for (i = 0; i < 8; i++)
		assert_ok(begin(r, &u[i], 1000));
	assert_err(begin(r, &u[8], 1000), ERR_BUSY);
	assert_int_equal(status(r).in_flight, 8);
	store_abort(r->s, u[3].ref);
	io_close(&u[3].fd);
	assert_ok(begin(r, &u[8], 1000));
	for (i = 0; i < 9; i++)
		io_close(&u[i].fd);
	assert_int_equal(stop(r), 0);
	assert_int_equal(count_items(r), 0);
}

static void
a_front_that_breaks_the_rules_is_blamed(void **state)
{
	struct rig *r = *state;
	struct op_commit c = {.epoch = 1, .serial = 1, .size = 5};
	struct up u;

	serve(r);
	publish(r, 1);
	/* It commits, and can still write. */
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	assert_int_not_equal(commit(r, &u), ERR_OK);
	io_close(&u.fd);
	assert_blamed(r);
	/* It says another size. */
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	io_close(&u.fd);
	u.item.size--;
	assert_int_not_equal(commit(r, &u), ERR_OK);
	assert_blamed(r);
	/* It writes more than it asked for. */
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 40 * LIMIT_MIB);
	io_close(&u.fd);
	assert_true(pump_until(r, is_gone, r));
	assert_blamed(r);
	/* An id that isn't one; an upload that doesn't exist; the same upload twice. */
	assert_ok(begin(r, &u, 1000));
	assert_ok(wire_send(r->raw, OP_COMMIT, u.ref, ERR_OK, &c, sizeof c, -1));
	assert_blamed(r);
	io_close(&u.fd);
	assert_ok(wire_send(r->raw, OP_COMMIT, 77, ERR_OK, &c, sizeof c, -1));
	assert_blamed(r);
	assert_ok(begin(r, &u, 1000));
	assert_ok(wire_send(r->raw, OP_BEGIN, u.ref, ERR_OK, &(struct op_begin){.body_len = 1},
	    sizeof(struct op_begin), -1));
	assert_blamed(r);
	io_close(&u.fd);
	/* What it may only say to others. */
	assert_ok(wire_send(r->raw, OP_READY, 0, ERR_OK, NULL, 0, -1));
	assert_blamed(r);
	assert_int_equal(count_items(r), 0);
	assert_int_equal(status(r).items, 0);
	/* And the next front works. */
	assert_ok(upload(r, 1000));
	assert_int_equal(stop(r), 0);
}

/* XFS takes for a file that grows as much again, and more: front has no part in that. */
static void
what_the_file_system_takes_ahead_is_no_breach(void **state)
{
	struct rig *r = *state;
	struct pollfd p;
	struct up u;
	int i;

	serve(r);
	publish(r, 1);
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	assert_int_equal(fallocate(u.fd, FALLOC_FL_KEEP_SIZE, 0, 40 * LIMIT_MIB), 0);
	/* Meanwhile store looks at it, once a second. */
	for (i = 0; i < 10 && r->n_gone == 0; i++) {
		p = (struct pollfd){.fd = store_fd(r->s), .events = POLLIN};
		if (poll(&p, 1, 250) > 0)
			store_on_readable(r->s);
	}
	assert_int_equal(r->n_gone, 0);
	io_close(&u.fd);
	assert_ok(commit(r, &u));
	assert_int_equal(count_items(r), 1);
	assert_int_equal(stop(r), 0);
}

/* 10,000 messages of a front that was taken over: store lives, and nothing stored changes. */
static void
random_ops_do_no_harm(void **state)
{
	struct rig *r = *state;
	uint8_t msg[200];
	uint32_t i, head[4];
	struct wire_msg m;

	serve(r);
	publish(r, 1);
	assert_ok(upload(r, 5000));
	for (i = 0; i < 10000; i++) {
		harness_fill(msg, sizeof msg, i);
		head[0] = i % 5 == 0 ? msg[0] : (uint32_t)(OP_BEGIN + i % 3);
		head[1] = msg[1] % 16;
		head[2] = head[0] == OP_BEGIN    ? sizeof(struct op_begin)
			  : head[0] == OP_COMMIT ? 80
			  : i % 7 == 0           ? msg[2]
						 : 0;
		head[3] = i % 11 == 0 ? msg[3] : 0;
		if (head[0] == OP_BEGIN && i % 2 == 0)
			memset(
			    msg + 24, 0, 8); /* else it says neither yes nor no to is_signed_in */
		memcpy(msg, head, sizeof head);
		if (send(r->raw, msg, 16 + head[2] % 150, MSG_NOSIGNAL) == -1 ||
		    wire_recv(r->parent, ROLE_STORE, ROLE_PARENT, &m) == ERR_OK)
			give_front(r);
		store_on_readable(r->s);
	}
	give_front(r);
	assert_int_equal(status(r).items, 1);
	assert_int_equal(count_items(r), 1);
	assert_ok(upload(r, 5000));
	while (wire_recv(r->parent, ROLE_STORE, ROLE_PARENT, &m) == ERR_OK)
		assert_int_equal(m.op, OP_BLAME);
	assert_int_equal(stop(r), 0);
}

static void
the_reserve_is_kept(void **state)
{
	struct rig *r = *state;
	struct up u, v;

	rig_own_mounts();
	assert_int_equal(mount("none", r->f->dir, "tmpfs", 0,
			     geteuid() == 0 ? "size=24m,mode=700,uid=65534" : "size=24m,mode=700"),
	    0);
	start(r);
	assert_ok(wire_send(r->parent, OP_INIT, 0, ERR_OK, NULL, 0, -1));
	assert_int_equal(waitpid(r->pid, NULL, 0), r->pid);
	io_close(&r->parent);
	r->f->conf.reserve = 4 * LIMIT_MIB;
	serve(r);
	publish(r, 1);
	/* 24 MiB less 4: one of 10 MiB and its padding fits, a second one doesn't, even before the
	 * first has written a byte. */
	assert_ok(begin(r, &u, 10 * LIMIT_MIB));
	assert_err(begin(r, &v, 10 * LIMIT_MIB), ERR_NOSPACE);
	write_up(&u, 11 * LIMIT_MIB);
	io_close(&u.fd);
	assert_ok(commit(r, &u));
	assert_err(begin(r, &v, 10 * LIMIT_MIB), ERR_NOSPACE);
	r->has_room = false;
	assert_true(pump_until(r, is_told, r));
	assert_true(r->room < 10 * LIMIT_MIB && r->room > LIMIT_MIB);
	assert_ok(begin(r, &v, r->room));
	io_close(&v.fd);
	assert_int_equal(stop(r), 0);
	assert_int_equal(umount(r->f->dir), 0);
}

static bool
is_room_below(const void *r)
{
	return is_told(r) && ((const struct rig *)r)->room < 20 * LIMIT_MIB;
}

/* A part of the day's bytes is for those who have signed in; a restart forgets nothing. */
static void
the_day_has_an_end(void **state)
{
	struct rig *r = *state;
	struct up u, v;
	int i;

	r->f->conf.max_day = 80 * LIMIT_MIB; /* 60 for everybody */
	serve(r);
	publish(r, 1);
	assert_ok(begin(r, &u, 40 * LIMIT_MIB));
	/* What is in flight counts by what it may become. */
	assert_err(begin(r, &v, 20 * LIMIT_MIB), ERR_NOSPACE);
	r->is_signed_in = true;
	assert_ok(begin(r, &v, 20 * LIMIT_MIB));
	store_abort(r->s, v.ref);
	io_close(&v.fd);
	write_up(&u, 42 * LIMIT_MIB);
	io_close(&u.fd);
	assert_ok(commit(r, &u));
	for (i = 0; i < 2; i++) {
		r->is_signed_in = false;
		assert_err(begin(r, &v, 20 * LIMIT_MIB), ERR_NOSPACE);
		assert_true(pump_until(r, is_room_below, r));
		assert_in_range(r->room, LIMIT_MIB, 18 * LIMIT_MIB);
		assert_in_range(store_signed_in_room(r->s), 20 * LIMIT_MIB, 38 * LIMIT_MIB);
		r->is_signed_in = true;
		assert_err(begin(r, &v, 40 * LIMIT_MIB), ERR_NOSPACE);
		assert_ok(begin(r, &v, 20 * LIMIT_MIB));
		io_close(&v.fd);
		store_abort(r->s, v.ref);
		assert_int_equal(stop(r), 0);
		r->room = UINT64_MAX; /* until it is told again */
		if (i == 0)
			serve(r);
	}
	r->is_signed_in = false;
}

/* What no key opens any more is refused, and the front isn't to blame for a slow source. */
static void
an_upload_may_be_late_but_not_too_late(void **state)
{
	struct rig *r = *state;
	struct up u;

	serve(r);
	/* Epoch 1 has 14 days, and ended so long ago that its key may have been destroyed. */
	publish_since(r, 1, 14 + LIMIT_UPLOAD_DAYS);
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	io_close(&u.fd);
	assert_err(commit(r, &u), ERR_EXPIRED);
	assert_int_equal(count_items(r), 0);
	assert_int_equal(status(r).in_flight, 0);
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	io_close(&u.fd);
	assert_ok(commit_to(r, &u, 2));
	assert_int_equal(count_items(r), 1);
	/* One that no schedule has announced. */
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 1000);
	io_close(&u.fd);
	assert_err(commit_to(r, &u, 4000000000), ERR_EXPIRED);
	assert_int_equal(count_items(r), 1);
	assert_int_equal(stop(r), 0);
}

static void
the_last_day_for_a_late_upload(void **state)
{
	struct rig *r = *state;

	serve(r);
	publish_since(r, 1, 14 + LIMIT_UPLOAD_DAYS - 1);
	assert_ok(upload(r, 1000)); /* to epoch 1 */
	assert_int_equal(count_items(r), 1);
	assert_int_equal(stop(r), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    WITH(limits_are_stores_own),
	    WITH(a_front_that_breaks_the_rules_is_blamed),
	    WITH(what_the_file_system_takes_ahead_is_no_breach),
	    WITH(random_ops_do_no_harm),
	    WITH(the_reserve_is_kept),
	    WITH(the_day_has_an_end),
	    WITH(an_upload_may_be_late_but_not_too_late),
	    WITH(the_last_day_for_a_late_upload),
	};

	if (rig_main(argc, argv) != 0)
		return 2;
	return cmocka_run_group_tests_name("store service and front", tests, NULL, NULL);
}
