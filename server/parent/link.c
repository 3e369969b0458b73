#include "parent/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/io.h"
#include "base/text.h"
#include "parent/handover.h"
#include "parent/serving.h"
#include "parent/spawn.h"

#define ADMIN_SOCKET  "admin.sock"
#define STORE_PROGRAM "sealslotd-store"
#define START_MS      (10 * 60 * 1000) /* a lost index of many items is rebuilt at start */
#define ANSWER_MS     (10 * 60 * 1000)
#define RESTART_MS    30000
#define BUSY_MS       3000
#define CONNECT_SEC   10

/* The socket lies in a folder of the store's user, who could have put a way to another one there.
 */
static bool
is_store(const struct setup *s, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t n = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.uid == s->uid;
}

/* ERR_NOTFOUND: no server listens there. */
static enum err
connect_running(const struct setup *s, int *out, struct reason *why)
{
	const struct timeval patience = {.tv_sec = CONNECT_SEC};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int dir, fd;
	enum err e = ERR_OK;

	dir = open(s->conf->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return ERR_NOTFOUND; /* the store process says what is wrong with it */
	/* The folder's path may be longer than a socket address can be. */
	snprintf(addr.sun_path, sizeof addr.sun_path, "/proc/self/fd/%d/" ADMIN_SOCKET, dir);
	/* Not for ever, should its queue be full. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == -1 ||
	    connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1)
		e = errno == ENOENT || errno == ECONNREFUSED ? ERR_NOTFOUND : ERR_SYS;
	if (e == ERR_OK && !is_store(s, fd))
		e = reason_set(why, ERR_MODE,
		    "Whoever answers at %s/" ADMIN_SOCKET
		    " isn't the store's user: find out who put it "
		    "there.",
		    s->conf->store_path);
	if (e == ERR_SYS && errno == EAGAIN)
		reason_set(why, e, "The running server's store is too busy: try again.");
	else if (e == ERR_SYS && errno == EACCES)
		reason_set(why, e, "Only root and the store's user may do this.");
	else if (e == ERR_SYS)
		reason_sys(why, e, "Can't reach the running server");
	io_close(&dir);
	if (e == ERR_OK)
		*out = fd;
	else
		io_close(&fd);
	return e;
}

/* Starts a store process; *sock is our end of its socket. */
static enum err
start_store(const struct setup *s, int *sock, pid_t *child, struct reason *why)
{
	struct spawn spawn = {.name = STORE_PROGRAM, .program = -1, .as = s};
	int ends[2] = {-1, -1};
	enum err e;

	if ((e = spawn_find(STORE_PROGRAM, &spawn.program, why)) != ERR_OK)
		return e;
	if ((e = wire_pair(ends)) == ERR_OK) {
		spawn.sock = ends[1];
		e = spawn_start(&spawn, child);
	}
	io_close(&ends[1]);
	io_close(&spawn.program);
	if (e == ERR_OK && (e = handover_conf(ends[0], s)) == ERR_OK) {
		*sock = ends[0];
		return ERR_OK;
	}
	io_close(&ends[0]);
	return reason_sys(why, e, "Can't start %s", STORE_PROGRAM);
}

/* The store says that it works, or ends after telling why on standard error. */
static enum err
await_ready(int sock, struct reason *why)
{
	struct wire_msg m;
	enum err e = wire_wait(sock, ROLE_STORE, ROLE_PARENT, START_MS, &m);

	if (e == ERR_OK)
		return m.op == OP_READY
			   ? ERR_OK
			   : reason_set(why, ERR_FORMAT, "The store speaks out of turn.");
	if (e != ERR_CLOSED)
		return reason_sys(why, e, "No word from the store");
	why->text[0] = '\0';
	return e;
}

static enum err
start_own(const struct setup *s, struct link *l, struct reason *why)
{
	int ends[2] = {-1, -1};
	enum err e;

	if ((e = start_store(s, &l->child_sock, &l->child, why)) != ERR_OK)
		return e;
	if ((e = wire_pair(ends)) != ERR_OK)
		return reason_sys(why, e, "Can't make a socket");
	l->sock = ends[0];
	if ((e = handover_peer(l->child_sock, ROLE_ADMIN, ends[1])) != ERR_OK ||
	    (e = handover_go(l->child_sock, s)) != ERR_OK)
		return reason_sys(why, e, "Can't start the store");
	return await_ready(l->child_sock, why);
}

/* A server that was started with another configuration isn't ours to ask. */
static enum err
compare_root(const struct setup *s, const struct link *l, struct reason *why)
{
	char own[MINISIGN_KEY_LEN + 1];
	struct op_status st;
	enum err e;

	if ((e = link_status(l, &st, why)) != ERR_OK)
		return e;
	minisign_key_format(own, &s->root);
	if (memcmp(own, st.root, sizeof own) == 0)
		return ERR_OK;
	return reason_set(why, ERR_AUTH,
	    "The root key %s isn't the one that the running server uses: %.56s.", own, st.root);
}

/* While a server restarts its store process there is nobody to talk to for a moment. */
static enum err
find_running(const struct setup *s, int *sock, struct reason *why)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	int64_t until = clock_mono_ms() + RESTART_MS;
	enum err e;

	while ((e = connect_running(s, sock, why)) == ERR_NOTFOUND &&
	       serving_is_held(s->conf->store_path)) {
		if (clock_mono_ms() > until)
			return reason_set(why, ERR_BUSY,
			    "The server is running, but its store isn't: its log says why.");
		nanosleep(&pause, NULL);
	}
	return e;
}

static enum err
open_once(const struct setup *s, struct link *l, struct reason *why)
{
	struct link new = LINK_CLOSED;
	enum err e;

	why->text[0] = '\0';
	e = find_running(s, &new.sock, why);
	new.is_serving = e == ERR_OK;
	if (e == ERR_NOTFOUND)
		e = start_own(s, &new, why);
	if (e == ERR_OK)
		e = compare_root(s, &new, why);
	if (e == ERR_CLOSED && new.is_serving)
		e = ERR_AGAIN;
	if (e == ERR_OK)
		*l = new;
	else
		link_close(&new);
	return e;
}

/* A running server's store that hangs up at once is just ending, or has its hands full. */
enum err
link_open(const struct setup *s, struct link *l, struct reason *why)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	int64_t until = clock_mono_ms() + BUSY_MS;
	enum err e;

	while ((e = open_once(s, l, why)) == ERR_AGAIN && clock_mono_ms() < until)
		nanosleep(&pause, NULL);
	return e == ERR_AGAIN ? ERR_CLOSED : e;
}

void
link_close(struct link *l)
{
	io_close(&l->sock);
	io_close(&l->child_sock);
	if (l->child > 0)
		while (waitpid(l->child, NULL, 0) == -1 && errno == EINTR)
			;
	*l = LINK_CLOSED;
}

enum err
link_ask(const struct link *l, struct wire_msg *m, enum op answer, struct reason *why)
{
	size_t n;
	enum err e;

	if ((e = wire_send_wait(l->sock, m, ANSWER_MS)) == ERR_OK)
		e = wire_wait(l->sock, ROLE_STORE, ROLE_ADMIN, ANSWER_MS, m);
	if (e == ERR_CLOSED)
		return reason_set(why, e,
		    "The store doesn't answer: its log says why, or too many verbs are at work.");
	if (e != ERR_OK)
		return reason_sys(why, e, "The store doesn't answer");
	if (m->op != (uint32_t)OP_RESULT && m->op != (uint32_t)answer) {
		io_close(&m->fd);
		return reason_set(why, ERR_FORMAT, "The store speaks out of turn.");
	}
	if (m->op == (uint32_t)OP_RESULT) {
		n = m->len < sizeof why->text - 1 ? m->len : sizeof why->text - 1;
		memcpy(why->text, m->body, n);
		why->text[n] = '\0';
		text_clean(why->text);
	}
	if (m->op != (uint32_t)answer && m->err == ERR_OK)
		return reason_set(why, ERR_FORMAT, "The store speaks out of turn.");
	return (enum err)m->err;
}

static bool
is_day(int32_t day)
{
	return day >= 0 && day <= DATE_LAST_DAY;
}

static bool
is_alarm(const struct op_alarm *a)
{
	uint8_t id[RANDOM_ID_LEN / 2];

	return is_day(a->day) &&
	       (a->id[0] == '\0' || (a->id[RANDOM_ID_LEN] == '\0' &&
					text_unhex(id, sizeof id, a->id, RANDOM_ID_LEN) == ERR_OK));
}

/* Could a store of ours say this? Days are formatted, texts printed. */
static bool
is_status(const struct op_status *st)
{
	bool is_good = is_day(st->today) && is_day(st->seen) && is_day(st->issued) &&
		       is_day(st->keys_end) && is_day(st->settled) &&
		       memchr(st->root, '\0', sizeof st->root) != NULL &&
		       st->settle_wait <= SETTLE_WAITS_FOR_REPAIR;
	size_t i;

	for (i = 0; i < OP_ALARMS && is_good; i++)
		is_good = is_alarm(&st->alarms[i]);
	return is_good;
}

enum err
link_status(const struct link *l, struct op_status *st, struct reason *why)
{
	struct wire_msg m = {.op = OP_STATUS, .fd = -1};
	struct op_status told;
	enum err e;

	if ((e = link_ask(l, &m, OP_STATUS_IS, why)) != ERR_OK)
		return e;
	memcpy(&told, m.body, sizeof told);
	if (!is_status(&told))
		return reason_set(why, ERR_FORMAT,
		    "The store's status isn't one that a store of this version gives: look after the "
		    "machine before you go on.");
	*st = told;
	return ERR_OK;
}

enum err
link_init(const struct setup *s, struct reason *why)
{
	struct link l = LINK_CLOSED;
	enum err e;

	if ((e = start_store(s, &l.child_sock, &l.child, why)) != ERR_OK)
		return e;
	if ((e = handover_op(l.child_sock, OP_INIT)) != ERR_OK)
		reason_sys(why, e, "Can't start the store");
	else
		e = await_ready(l.child_sock, why);
	link_close(&l);
	return e;
}
