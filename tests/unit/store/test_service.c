#include "service_rig.h"

static bool
are_all_done(const void *p)
{
	const struct up *u = p;

	for (; u->ref != 0; u++)
		if (!u->is_committed)
			return false;
	return true;
}

static void
without_a_schedule_nothing_is_taken(void **state)
{
	struct rig *r = *state;
	struct up u;

	serve(r);
	assert_true(pump_until(r, is_told, r));
	assert_err(r->why, ERR_NOTFOUND);
	assert_err(begin(r, &u, 1000), ERR_EXPIRED);
	r->why = ERR_AGAIN;
	publish(r, 1);
	assert_true(pump_until(r, is_told, r));
	assert_ok(r->why);
	assert_ok(upload(r, 300000));
	assert_int_equal(status(r).items, 1);
	assert_int_equal(status(r).bytes, 300000);
	assert_int_equal(count_items(r), 1);
	assert_int_equal(stop(r), 0);
}

static void
commits_are_answered_side_by_side(void **state)
{
	struct rig *r = *state;
	struct up u[9] = {{.ref = 0}};
	int i, round;

	serve(r);
	publish(r, 1);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++) {
			assert_ok(begin(r, &u[i], 1000));
			write_up(&u[i], 1000 + (size_t)i);
			io_close(&u[i].fd);
		}
		for (i = 0; i < 8; i++) {
			random_id(u[i].item.id);
			strcpy(u[i].item.inbox, "tips");
			u[i].item.epoch = u[i].item.serial = 1;
			assert_ok(store_commit(r->s, u[i].ref, &u[i].item, on_committed, &u[i]));
		}
		assert_true(pump_until(r, are_all_done, u));
		for (i = 0; i < 8; i++)
			assert_ok(u[i].committed);
	}
	assert_int_equal(status(r).items, 160);
	assert_int_equal(count_items(r), 160);
	assert_int_equal(stop(r), 0);
}

static void
a_second_store_is_turned_away(void **state)
{
	struct rig *r = *state, second = {.f = r->f};

	serve(r);
	start(&second);
	send_go(&second);
	assert_int_equal(stop(&second), 1);
	assert_int_equal(status(r).items, 0);
	assert_int_equal(stop(r), 0);
}

static void
a_killed_store_keeps_what_it_answered(void **state)
{
	struct rig *r = *state;
	struct up u;

	serve(r);
	publish(r, 1);
	assert_ok(upload(r, 1000));
	assert_ok(begin(r, &u, 1000));
	write_up(&u, 500);
	assert_int_equal(kill(r->pid, SIGKILL), 0);
	assert_true(pump_until(r, is_gone, r));
	assert_int_equal(stop(r), 1000 + SIGKILL);
	assert_err(store_commit(r->s, u.ref, &u.item, on_committed, &u), ERR_CLOSED);
	io_close(&u.fd);
	serve(r);
	assert_int_equal(status(r).items, 1);
	assert_int_equal(count_items(r), 1);
	assert_ok(upload(r, 1000));
	assert_int_equal(stop(r), 0);
}

static void
draining_takes_nothing_new(void **state)
{
	struct op_drain body = {1000};
	struct rig *r = *state;
	struct wire_msg m;
	struct up u, v;

	serve(r);
	publish(r, 1);
	assert_ok(begin(r, &u, 1000));
	assert_ok(wire_send(r->parent, OP_DRAIN, 0, ERR_OK, &body, sizeof body, -1));
	/* status comes after the drain: it has been read then. */
	assert_int_equal(status(r).in_flight, 1);
	assert_err(begin(r, &v, 1000), ERR_BUSY);
	write_up(&u, 1000);
	io_close(&u.fd);
	assert_ok(commit(r, &u));
	assert_ok(from_parent(r, &m));
	assert_int_equal(m.op, OP_DRAINED);
	assert_int_equal(stop(r), 0);
}

static void
admins_ask_in_turn(void **state)
{
	struct op_export_sign sign = {1, 1};
	struct op_export_list since = {0, INT32_MAX};
	struct rig *r = *state;
	int one, two, more[LIMIT_ADMINS + 4], list, i;
	struct wire_msg m;
	char byte;

	serve(r);
	publish(r, 1);
	assert_ok(upload(r, 1000));
	one = admin(r);
	two = admin(r);
	/* Signing without a list is no verb of ours. */
	assert_ok(wire_memfd("", 0, &list));
	assert_err(ask(two, OP_EXPORT_SIGN, &sign, sizeof sign, list, &m), ERR_CLOSED);
	close(two);
	two = admin(r);
	assert_err(ask(two, OP_EXPORT_DONE, NULL, 0, -1, &m), ERR_CLOSED);
	close(two);
	two = admin(r);
	assert_ok(ask(one, OP_EXPORT_LIST, &since, sizeof since, -1, &m));
	assert_int_equal(m.op, OP_EXPORT_ITEMS);
	assert_int_equal(lseek(m.fd, 0, SEEK_END), sizeof(struct op_export_item));
	io_close(&m.fd);
	assert_ok(ask(two, OP_EXPORT_LIST, &since, sizeof since, -1, &m));
	assert_int_equal(m.op, OP_RESULT);
	assert_err((enum err)m.err, ERR_BUSY);
	/* The list of somebody who has gone is nobody's. */
	close(one);
	usleep(100000);
	assert_ok(ask(two, OP_EXPORT_LIST, &since, sizeof since, -1, &m));
	assert_int_equal(m.op, OP_EXPORT_ITEMS);
	io_close(&m.fd);
	assert_ok(ask(two, OP_EXPORT_SIGN, &sign, sizeof sign, list, &m));
	assert_int_equal(m.op, OP_EXPORT_INDEX); /* of nothing: the list is empty */
	io_close(&m.fd);
	assert_ok(ask(two, OP_EXPORT_DONE, NULL, 0, -1, &m));
	assert_ok((enum err)m.err);
	assert_int_equal(status(r).exports, 1);
	/* More than there is place for: the rest is turned away, front isn't. */
	for (i = 0; i < LIMIT_ADMINS + 4; i++)
		more[i] = admin(r);
	assert_int_equal(read(more[LIMIT_ADMINS + 3], &byte, 1), 0);
	assert_ok(upload(r, 1000));
	for (i = 0; i < LIMIT_ADMINS + 4; i++)
		close(more[i]);
	close(list);
	close(two);
	assert_int_equal(stop(r), 0);
}

/* Signs a volume of two over a list of one item; does its index say that it is everything? */
static bool
signed_inventory(int fd, struct op_export_item *item, uint32_t volume)
{
	struct op_export_sign sign = {.volume = volume, .volumes = 2};
	struct wire_msg m;
	struct buf text;
	bool is_there;
	int list;

	assert_ok(wire_memfd(item, sizeof *item, &list));
	assert_ok(ask(fd, OP_EXPORT_SIGN, &sign, sizeof sign, list, &m));
	assert_int_equal(m.op, OP_EXPORT_INDEX);
	buf_init(&text, LIMIT_BUNDLE_INDEX + LIMIT_SIGNATURE);
	assert_ok(wire_memfd_read(m.fd, &text));
	is_there = strstr(buf_cstr(&text), "\ninventory: complete\n") != NULL;
	buf_wipe(&text);
	io_close(&list);
	io_close(&m.fd);
	return is_there;
}

static void
all_volumes_say_the_same(void **state)
{
	struct op_export_list since = {.until = INT32_MAX};
	struct op_export_item item;
	struct rig *r = *state;
	struct wire_msg m;
	int fd;

	serve(r);
	publish(r, 1);
	assert_ok(upload(r, 1000));
	fd = admin(r);
	assert_ok(ask(fd, OP_EXPORT_LIST, &since, sizeof since, -1, &m));
	assert_int_equal(pread(m.fd, &item, sizeof item, 0), sizeof item);
	io_close(&m.fd);
	item.has_hash = 1;
	assert_true(signed_inventory(fd, &item, 1));
	assert_ok(upload(r, 1000));
	assert_true(signed_inventory(fd, &item, 2));
	/* The next list has two: one of them isn't everything. */
	assert_ok(ask(fd, OP_EXPORT_LIST, &since, sizeof since, -1, &m));
	io_close(&m.fd);
	assert_false(signed_inventory(fd, &item, 1));
	close(fd);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    WITH(without_a_schedule_nothing_is_taken),
	    WITH(commits_are_answered_side_by_side),
	    WITH(a_second_store_is_turned_away),
	    WITH(a_killed_store_keeps_what_it_answered),
	    WITH(draining_takes_nothing_new),
	    WITH(admins_ask_in_turn),
	    WITH(all_volumes_say_the_same),
	};

	if (rig_main(argc, argv) != 0)
		return 2;
	return cmocka_run_group_tests_name("store service", tests, NULL, NULL);
}
