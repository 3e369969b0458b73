#ifndef SEALSLOT_TEST_SERVICE_RIG_H
#define SEALSLOT_TEST_SERVICE_RIG_H

#include "fixture.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
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
static char program_path[PATH_MAX]; /* argv[1] */
static int program;                 /* opened: the store's user may not get at its path */

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
	bool is_signed_in; /* how uploads begin */
};

static inline void
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

static inline void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	struct rig *r = ctx;

	r->room = is_writable ? bytes : 0;
	r->has_room = true;
}

static inline void
on_gone(void *ctx)
{
	((struct rig *)ctx)->n_gone++;
}

static inline void
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

static inline void
send_conf(struct rig *r)
{
	const struct conf *c = &r->f->conf;
	char text[2000], line[MINISIGN_KEY_LEN + 1];
	int fd = -1;

	snprintf(text, sizeof text,
	    "[server]\ninstance = %s\n[store]\npath = %s\nmax_upload = %llu\nreserve = %llu\n"
	    "max_in_flight = %u\nmax_day = %llu\n[keys]\nroot = /nowhere\n",
	    c->instance, c->store_path, (unsigned long long)c->max_upload,
	    (unsigned long long)c->reserve, c->max_in_flight, (unsigned long long)c->max_day);
	minisign_key_format(line, &r->f->root.public);
	assert_ok(wire_memfd(text, strlen(text), &fd));
	assert_ok(wire_send(r->parent, OP_CONF, 0, ERR_OK, line, MINISIGN_KEY_LEN, fd));
	io_close(&fd);
}

static inline enum err
from_parent(struct rig *r, struct wire_msg *m)
{
	return wire_wait(r->parent, ROLE_STORE, ROLE_PARENT, 20000, m);
}

/* Starts a process as far as its configuration. */
static inline void
start(struct rig *r)
{
	int ends[2];

	assert_ok(wire_pair(ends));
	r->parent = ends[0];
	launch(r, ends[1]);
	close(ends[1]);
	send_conf(r);
}

static inline int
stop(struct rig *r)
{
	int status;

	io_close(&r->parent);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline void
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

static inline void
send_go(struct rig *r)
{
	/* A kernel without Landlock is no reason for these tests to fail. */
	struct op_go body = {.may_lack_landlock = 1};

	assert_ok(wire_send(r->parent, OP_GO, 0, ERR_OK, &body, sizeof body, -1));
}

static inline void
go(struct rig *r)
{
	struct wire_msg m;

	send_go(r);
	assert_ok(from_parent(r, &m));
	assert_int_equal(m.op, OP_READY);
}

static inline void
serve(struct rig *r)
{
	start(r);
	give_front(r);
	go(r);
}

static inline int
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

static inline int
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
static inline bool
pump_until(struct rig *r, bool (*is_so)(const void *what), const void *what)
{
	struct pollfd p = {.fd = store_fd(r->s), .events = POLLIN};
	int64_t end = clock_mono_ms() + 20000;

	while (!is_so(what)) {
		if (clock_mono_ms() > end || poll(&p, 1, 1000) == -1)
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

static inline void
on_begun(void *ctx, enum err e, int fd)
{
	struct up *u = ctx;

	u->is_begun = true;
	u->begun = e;
	u->fd = fd;
}

static inline void
on_committed(void *ctx, enum err e)
{
	struct up *u = ctx;

	u->is_committed = true;
	u->committed = e;
}

static inline bool
is_begun(const void *u)
{
	return ((const struct up *)u)->is_begun;
}

static inline bool
is_committed(const void *u)
{
	return ((const struct up *)u)->is_committed;
}

static inline bool
is_told(const void *r)
{
	return ((const struct rig *)r)->why != ERR_AGAIN && ((const struct rig *)r)->has_room;
}

static inline bool
is_gone(const void *r)
{
	return ((const struct rig *)r)->n_gone > 0;
}

static inline enum err
begin(struct rig *r, struct up *u, uint64_t body_len)
{
	*u = (struct up){.fd = -1};
	if (r->is_signed_in)
		assert_ok(store_begin_signed_in(r->s, body_len, on_begun, u, &u->ref));
	else
		assert_ok(store_begin(r->s, body_len, on_begun, u, &u->ref));
	assert_true(pump_until(r, is_begun, u));
	return u->begun;
}

static inline void
write_up(struct up *u, size_t n)
{
	static const uint8_t block[4096] = {1, 2, 3};
	size_t part;

	for (u->item.size += n; n > 0; n -= part) {
		part = n < sizeof block ? n : sizeof block;
		assert_ok(io_write_all(u->fd, block, part));
	}
}

static inline enum err
commit_to(struct rig *r, struct up *u, uint32_t epoch)
{
	random_id(u->item.id);
	strcpy(u->item.inbox, "tips");
	u->item.epoch = epoch;
	u->item.serial = 1;
	assert_ok(store_commit(r->s, u->ref, &u->item, on_committed, u));
	assert_true(pump_until(r, is_committed, u));
	return u->committed;
}

static inline enum err
commit(struct rig *r, struct up *u)
{
	return commit_to(r, u, 1);
}

static inline enum err
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

static inline int
admin(const struct rig *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s/admin.sock", r->f->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static inline enum err
ask(int fd, enum op op, const void *body, size_t len, int with, struct wire_msg *m)
{
	assert_ok(wire_send(fd, op, 0, ERR_OK, body, len, with));
	return wire_wait(fd, ROLE_STORE, ROLE_ADMIN, 20000, m);
}

static inline struct op_status
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

static inline void
publish_since(struct rig *r, uint32_t serial, int32_t days)
{
	int32_t today = clock_today();
	struct fixture_schedule from = {
	    .serial = serial, .issued = today - days, .start = today - days, .epochs = 4};
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

static inline void
publish(struct rig *r, uint32_t serial)
{
	publish_since(r, serial, 0);
}

static inline int
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

static inline int
open_program(void)
{
	int fd = open(program_path, O_RDONLY | O_CLOEXEC);

	/* Not where the store's socket goes. */
	program = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	io_close(&fd);
	return program == -1 ? 2 : 0;
}

/* fixture_own_mounts; the program among them, since valgrind runs it by the path that it has there.
 */
static inline void
rig_own_mounts(void)
{
	fixture_own_mounts();
	io_close(&program);
	assert_int_equal(open_program(), 0);
}

/* Every test's main: argv[1] is the program. Returns 0, or 2 for a wrong usage. */
static inline int
rig_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc != 2 || random_start() != 0)
		return 2;
	/* The tests leave the folder that they were started in. */
	if (realpath(argv[1], program_path) == NULL)
		return 2;
	return open_program();
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
