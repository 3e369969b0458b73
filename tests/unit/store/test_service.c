#include "fixture.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/date.h"
#include "store/store.h"
#include "wire/wire.h"

/*
 * The real sealslotd-store, with this test as its parent, its front (by
 * store_client) and its admin.
 */
static int program; /* argv[1], opened: the store's user may not get at its path */

/* The store doesn't run as root: tests that do let it be this user. */
#define NOBODY 65534

struct rig {
	struct fixture *f;
	pid_t pid;
	int parent;
	struct store *s;
	int raw; /* front's socket, as the client has it */
	struct minisign_key root;
	/* what the client was told */
	enum err why;
	int n_gone;
	uint64_t room;
	bool has_room;
};

static void
on_schedule(void *ctx, enum err why, const struct schedule *s, const struct buf *text,
    const struct buf *sig, int32_t today)
{
	struct rig *r = ctx;

	(void)s;
	(void)text;
	(void)sig;
	(void)today;
	r->why = why;
}

static void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	struct rig *r = ctx;

	r->room = is_writable ? bytes : 0;
	r->has_room = true;
}

static void
on_gone(void *ctx)
{
	((struct rig *)ctx)->n_gone++;
}

static void
launch(struct rig *r, int sock)
{
	char name[] = "sealslotd-store", *argv[] = {name, NULL};

	fflush(NULL);
	if ((r->pid = fork()) == 0) {
		dup2(sock, 3);
		fcntl(3, F_SETFD, 0);
		if (geteuid() == 0 && (setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
			_exit(126);
		/* In its sandbox the search for leaks can't look into /proc. */
		setenv("ASAN_OPTIONS", "detect_leaks=0:halt_on_error=1:abort_on_error=1", 1);
		/* It says on standard error why it doesn't start: some tests want that. */
		fexecve(program, argv, environ);
		_exit(127);
	}
	assert_int_not_equal(r->pid, -1);
}

static void
send_conf(struct rig *r)
{
	const struct conf *c = &r->f->conf;
	char text[2000], line[MINISIGN_KEY_LEN + 1];
	int fd = -1;

	snprintf(text, sizeof text,
	    "[server]\ninstance = %s\n[store]\npath = %s\nmax_upload = %llu\nreserve = %llu\n"
	    "max_in_flight = %u\n[keys]\nroot = /nowhere\n",
	    c->instance, c->store_path, (unsigned long long)c->max_upload,
	    (unsigned long long)c->reserve, c->max_in_flight);
	minisign_key_format(line, &r->f->root.public);
	assert_ok(wire_memfd(text, strlen(text), &fd));
	assert_ok(wire_send(r->parent, OP_CONF, 0, ERR_OK, line, MINISIGN_KEY_LEN, fd));
	io_close(&fd);
}

static enum err
from_parent(struct rig *r, struct wire_msg *m)
{
	return wire_wait(r->parent, ROLE_STORE, ROLE_PARENT, 20000, m);
}

/* Starts a process as far as its configuration. */
static void
start(struct rig *r)
{
	int ends[2];

	assert_ok(wire_pair(ends));
	r->parent = ends[0];
	launch(r, ends[1]);
	close(ends[1]);
	send_conf(r);
}

static int
stop(struct rig *r)
{
	int status;

	io_close(&r->parent);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void
give_front(struct rig *r)
{
	struct store_events events = {r, on_schedule, on_room, on_gone};
	struct op_peer peer = {ROLE_FRONT};
	int ends[2];

	assert_ok(wire_pair(ends));
	assert_ok(wire_send(r->parent, OP_PEER, 0, ERR_OK, &peer, sizeof peer, ends[1]));
	close(ends[1]);
	r->raw = ends[0];
	if (r->s == NULL)
		assert_ok(store_new(ends[0], &r->f->root.public, &events, &r->s));
	else
		assert_ok(store_reconnect(r->s, ends[0]));
}

static void
send_go(struct rig *r)
{
	/* A kernel without Landlock is no reason for these tests to fail. */
	struct op_go body = {.may_lack_landlock = 1};

	assert_ok(wire_send(r->parent, OP_GO, 0, ERR_OK, &body, sizeof body, -1));
}

static void
go(struct rig *r)
{
	struct wire_msg m;

	send_go(r);
	assert_ok(from_parent(r, &m));
	assert_int_equal(m.op, OP_READY);
}

static void
serve(struct rig *r)
{
	start(r);
	give_front(r);
	go(r);
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	struct wire_msg m;

	assert_non_null(r);
	fixture_set_up((void **)&r->f);
	r->why = ERR_AGAIN;
	if (geteuid() == 0)
		assert_int_equal(chown(r->f->dir, NOBODY, NOBODY), 0);
	start(r);
	assert_ok(wire_send(r->parent, OP_INIT, 0, ERR_OK, NULL, 0, -1));
	assert_ok(from_parent(r, &m));
	assert_int_equal(m.op, OP_READY);
	assert_int_equal(stop(r), 0);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	store_free(r->s);
	io_close(&r->parent);
	fixture_tear_down((void **)&r->f);
	free(r);
	return 0;
}

/* ---- as front */

/* Serves the client until it is so; false after 20 s. */
static bool
pump_until(struct rig *r, bool (*is_so)(const void *what), const void *what)
{
	struct pollfd p = {.events = POLLIN};
	int64_t end = clock_mono_ms() + 20000;

	while (!is_so(what)) {
		p.fd = store_fd(r->s);
		if (clock_mono_ms() > end || p.fd == -1 || poll(&p, 1, 1000) == -1)
			return is_so(what);
		if (p.revents != 0)
			store_on_readable(r->s);
	}
	return true;
}

struct up {
	uint32_t ref;
	bool is_begun, is_committed;
	enum err begun, committed;
	int fd;
	struct store_item item;
};

static void
on_begun(void *ctx, enum err e, int fd)
{
	struct up *u = ctx;

	u->is_begun = true;
	u->begun = e;
	u->fd = fd;
}

static void
on_committed(void *ctx, enum err e)
{
	struct up *u = ctx;

	u->is_committed = true;
	u->committed = e;
}

static bool
is_begun(const void *u)
{
	return ((const struct up *)u)->is_begun;
}

static bool
is_committed(const void *u)
{
	return ((const struct up *)u)->is_committed;
}

static bool
is_told(const void *r)
{
	return ((const struct rig *)r)->why != ERR_AGAIN && ((const struct rig *)r)->has_room;
}

static bool
is_gone(const void *r)
{
	return ((const struct rig *)r)->n_gone > 0;
}

static enum err
begin(struct rig *r, struct up *u, uint64_t body_len)
{
	*u = (struct up){.fd = -1};
	assert_ok(store_begin(r->s, body_len, on_begun, u, &u->ref));
	assert_true(pump_until(r, is_begun, u));
	return u->begun;
}

static void
write_up(struct up *u, size_t n)
{
	static const uint8_t block[4096] = {1, 2, 3};
	size_t part;

	for (u->item.size += n; n > 0; n -= part) {
		part = n < sizeof block ? n : sizeof block;
		assert_ok(io_write_all(u->fd, block, part));
	}
}

static enum err
commit(struct rig *r, struct up *u)
{
	random_id(u->item.id);
	strcpy(u->item.inbox, "tips");
	u->item.epoch = 1;
	u->item.serial = 1;
	assert_ok(store_commit(r->s, u->ref, &u->item, on_committed, u));
	assert_true(pump_until(r, is_committed, u));
	return u->committed;
}

static enum err
upload(struct rig *r, size_t n)
{
	struct up u;
	enum err e;

	if ((e = begin(r, &u, n)) != ERR_OK)
		return e;
	write_up(&u, n);
	io_close(&u.fd);
	return commit(r, &u);
}

/* ---- as admin */

static int
admin(const struct rig *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s/admin.sock", r->f->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static enum err
ask(int fd, enum op op, const void *body, size_t len, int with, struct wire_msg *m)
{
	assert_ok(wire_send(fd, op, 0, ERR_OK, body, len, with));
	return wire_wait(fd, ROLE_STORE, ROLE_ADMIN, 20000, m);
}

static struct op_status
status(const struct rig *r)
{
	int fd = admin(r);
	struct op_status st;
	struct wire_msg m;

	assert_ok(ask(fd, OP_STATUS, NULL, 0, -1, &m));
	assert_int_equal(m.op, OP_STATUS_IS);
	memcpy(&st, m.body, sizeof st);
	close(fd);
	return st;
}

static void
publish(struct rig *r, uint32_t serial)
{
	int32_t today = clock_today();
	struct fixture_schedule from = {
	    .serial = serial, .issued = today, .start = today, .epochs = 4};
	int fd = admin(r), text_fd = -1;
	struct buf text, sig;
	struct wire_msg m;

	fixture_sign(r->f, &from, &text, &sig);
	assert_ok(wire_memfd(text.p, text.len, &text_fd));
	assert_ok(ask(fd, OP_PUBLISH, sig.p, sig.len, text_fd, &m));
	assert_int_equal(m.op, OP_RESULT);
	assert_ok((enum err)m.err);
	io_close(&text_fd);
	close(fd);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static int
count_items(const struct rig *r)
{
	char path[100];
	DIR *d;
	int n = -2; /* . and .. */

	snprintf(path, sizeof path, "%s/items", r->f->dir);
	assert_non_null(d = opendir(path));
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* ---- the tests */

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
	assert_ok(wire_send(r->raw, OP_BEGIN, u.ref, ERR_OK, &(struct op_begin){1}, 8, -1));
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
		head[2] = head[0] == OP_BEGIN    ? 8
			  : head[0] == OP_COMMIT ? 80
			  : i % 7 == 0           ? msg[2]
						 : 0;
		head[3] = i % 11 == 0 ? msg[3] : 0;
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

	fixture_own_mounts();
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
are_all_done(const void *p)
{
	const struct up *u = p;

	for (; u->ref != 0; u++)
		if (!u->is_committed)
			return false;
	return true;
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
	struct op_export_list since = {0};
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

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    WITH(without_a_schedule_nothing_is_taken),
	    WITH(limits_are_stores_own),
	    WITH(a_front_that_breaks_the_rules_is_blamed),
	    WITH(random_ops_do_no_harm),
	    WITH(commits_are_answered_side_by_side),
	    WITH(a_second_store_is_turned_away),
	    WITH(a_killed_store_keeps_what_it_answered),
	    WITH(draining_takes_nothing_new),
	    WITH(admins_ask_in_turn),
	    WITH(the_reserve_is_kept),
	};

	int fd;

	if (argc != 2 || random_start() != 0)
		return 2;
	/* Not where the store's socket goes. */
	if ((fd = open(argv[1], O_RDONLY | O_CLOEXEC)) == -1 ||
	    (program = fcntl(fd, F_DUPFD_CLOEXEC, 10)) == -1)
		return 2;
	close(fd);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("store service", tests, NULL, NULL);
}
