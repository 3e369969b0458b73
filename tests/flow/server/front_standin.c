/*
 * Stands in for sealslotd-front where a test wants to say exactly what front
 * does, wrong things too. It speaks the real protocol with parent and store;
 * on the listening socket it takes one line per connection:
 *
 *   upload BYTES [MODE]   an upload of so many bytes; answer: "stored ID" or "refused WHY".
 *                         MODE: keep (commits with the descriptor still open), lie (claims a
 *                         byte more), hold (writes, and commits only when told "go"), idle (never
 *                         commits), again (the id of the last one), sparse (a hole)
 *   many COUNT BYTES WIDTH   so many uploads, WIDTH at once; answer: "rate PER_SECOND FAILED"
 *   state                 answer: "keys SERIAL|WHY today DAY room BYTES writable 0|1"
 *   garbage               sends store what no front may send
 *   die                   ends by a signal
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/random.h"
#include "conf/conf.h"
#include "store/store.h"
#include "wire/wire.h"

#define PARENT   3
#define MAX_JOBS 1100

struct crowd {
	int reply; /* the connection that asked for many */
	long left, running, done, failed;
	long bytes;
	int64_t began;
};

struct job {
	int conn; /* -1: one of a crowd, or unused */
	int fd;
	uint32_t upload;
	long bytes;
	char mode[16];
	struct crowd *crowd;
	int is_used;
	char id[RANDOM_ID_LEN + 1];
};

static struct {
	struct store *store;
	int listener, raw_store, n_jobs, is_draining;
	char last_id[RANDOM_ID_LEN + 1];
	struct job jobs[MAX_JOBS];
	enum err why;
	uint32_t serial, epoch; /* of the first inbox */
	int32_t today;
	uint64_t room;
	int is_writable;
} g = {.listener = -1, .why = ERR_AGAIN};

static void
reply(int conn, const char *word, const char *rest)
{
	char line[200];
	int n = snprintf(line, sizeof line, "%s %s\n", word, rest);

	(void)!write(conn, line, (size_t)n);
	close(conn);
}

static void begin_one(struct crowd *c);

static void
end_job(struct job *j, enum err e)
{
	struct crowd *c = j->crowd;

	io_close(&j->fd);
	if (j->conn != -1) {
		if (e == ERR_OK)
			reply(j->conn, "stored", j->id);
		else
			reply(j->conn, "refused", err_text(e));
	}
	j->is_used = 0;
	j->conn = -1;
	if (c == NULL)
		return;
	c->running--;
	c->done++;
	c->failed += e != ERR_OK;
	if (c->left > 0) {
		begin_one(c);
	} else if (c->running == 0) {
		char line[100];

		snprintf(line, sizeof line, "%.0f %ld",
		    (double)c->done * 1000 / (double)(clock_mono_ms() - c->began + 1), c->failed);
		reply(c->reply, "rate", line);
		free(c);
	}
}

static void
on_committed(void *ctx, enum err e)
{
	end_job(ctx, e);
}

static void
commit(struct job *j)
{
	struct store_item item = {.epoch = g.epoch, .serial = g.serial, .size = (uint64_t)j->bytes};
	enum err e;

	if (strcmp(j->mode, "keep") != 0)
		io_close(&j->fd);
	if (strcmp(j->mode, "lie") == 0)
		item.size++;
	if (strcmp(j->mode, "again") == 0)
		strcpy(j->id, g.last_id);
	else
		random_id(j->id);
	strcpy(g.last_id, j->id);
	strcpy(item.id, j->id);
	strcpy(item.inbox, "tips");
	if ((e = store_commit(g.store, j->upload, &item, on_committed, j)) != ERR_OK)
		end_job(j, e);
}

static void
on_begun(void *ctx, enum err e, int fd)
{
	static char block[65536];
	struct job *j = ctx;
	long left, n;

	if (e != ERR_OK) {
		end_job(j, e);
		return;
	}
	j->fd = fd;
	if (strcmp(j->mode, "sparse") == 0 && ftruncate(fd, j->bytes) == -1)
		e = ERR_SYS;
	for (left = strcmp(j->mode, "sparse") == 0 ? 0 : j->bytes; left > 0 && e == ERR_OK;
	     left -= n) {
		n = left < (long)sizeof block ? left : (long)sizeof block;
		random_bytes(block, 16);
		e = io_write_all(fd, block, (size_t)n);
	}
	if (e != ERR_OK) {
		store_abort(g.store, j->upload);
		end_job(j, e);
	} else if (strcmp(j->mode, "idle") == 0) {
		(void)!write(j->conn, "idle\n", 5);
	} else if (strcmp(j->mode, "hold") == 0) {
		(void)!write(j->conn, "held\n", 5);
	} else {
		commit(j);
	}
}

static struct job *
new_job(void)
{
	int i;

	for (i = 0; i < MAX_JOBS; i++)
		if (!g.jobs[i].is_used) {
			g.jobs[i] = (struct job){.conn = -1, .fd = -1, .is_used = 1};
			return &g.jobs[i];
		}
	return NULL;
}

static void
begin(struct job *j)
{
	enum err e;

	if (g.is_draining)
		e = ERR_BUSY;
	else
		e = store_begin(g.store, (uint64_t)j->bytes, on_begun, j, &j->upload);
	if (e != ERR_OK)
		end_job(j, e);
}

static void
begin_one(struct crowd *c)
{
	struct job *j = new_job();

	if (j == NULL)
		return;
	c->left--;
	c->running++;
	j->crowd = c;
	j->bytes = c->bytes;
	begin(j);
}

static void
on_schedule(void *ctx, enum err why, const struct schedule *s, const struct buf *text,
    const struct buf *sig, int32_t today)
{
	struct schedule_seal seal;

	(void)ctx;
	(void)text;
	(void)sig;
	g.why = why;
	g.serial = s == NULL ? 0 : s->serial;
	g.epoch = s != NULL && schedule_current(s, 0, today, &seal) == ERR_OK ? seal.number : 1;
	g.today = today;
}

static void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	(void)ctx;
	g.room = bytes;
	g.is_writable = is_writable;
}

static void
on_gone(void *ctx)
{
	int i;

	(void)ctx;
	for (i = 0; i < MAX_JOBS; i++)
		if (g.jobs[i].is_used)
			end_job(&g.jobs[i], ERR_CLOSED);
}

static void
say_state(int conn)
{
	char line[160], day[DATE_DAY_LEN + 1];

	date_format(day, g.today);
	if (g.why == ERR_OK)
		snprintf(line, sizeof line, "%u", g.serial);
	else
		snprintf(line, sizeof line, "%s", err_text(g.why));
	snprintf(line + strlen(line), sizeof line - strlen(line), " today %s room %llu writable %d",
	    day, (unsigned long long)g.room, g.is_writable);
	reply(conn, "keys", line);
}

static void
start_many(int conn, const char *line)
{
	struct crowd *c = calloc(1, sizeof *c);
	long width = 1;

	if (c == NULL || sscanf(line, "many %ld %ld %ld", &c->left, &c->bytes, &width) != 3)
		exit(1);
	c->reply = conn;
	c->began = clock_mono_ms();
	/* One more than there are, so that it can't be finished while it begins. */
	for (c->running = 1; width > 0 && c->left > 0; width--)
		begin_one(c);
	c->running--;
}

static void
take_line(int conn, char *line)
{
	struct job *j;

	if (strncmp(line, "die", 3) == 0)
		raise(SIGKILL);
	if (strncmp(line, "state", 5) == 0) {
		say_state(conn);
	} else if (strncmp(line, "many", 4) == 0) {
		start_many(conn, line);
	} else if (strncmp(line, "garbage", 7) == 0) {
		(void)!write(g.raw_store, line, strlen(line));
		reply(conn, "sent", "it");
	} else if ((j = new_job()) != NULL &&
		   sscanf(line, "upload %ld %15s", &j->bytes, j->mode) >= 1) {
		j->conn = conn;
		begin(j);
	} else {
		exit(1);
	}
}

static void
on_listener(void)
{
	char line[100] = "";
	ssize_t n;
	int conn;

	if ((conn = accept4(g.listener, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return;
	if ((n = read(conn, line, sizeof line - 1)) <= 0) {
		close(conn);
		return;
	}
	take_line(conn, line);
}

/* Somebody who held an upload says go, or leaves. */
static void
on_conn(struct job *j)
{
	char line[100] = "";
	ssize_t n = read(j->conn, line, sizeof line - 1);

	if (n > 0 && strncmp(line, "go", 2) == 0) {
		commit(j);
		return;
	}
	store_abort(g.store, j->upload);
	io_close(&j->conn);
	end_job(j, ERR_CLOSED);
}

static void
on_parent(const struct minisign_key *root)
{
	static const struct store_events events = {NULL, on_schedule, on_room, on_gone};
	struct op_peer peer;
	struct wire_msg m;
	enum err e = wire_recv(PARENT, ROLE_PARENT, ROLE_FRONT, &m);

	if (e == ERR_AGAIN)
		return;
	if (e != ERR_OK) {
		store_free(g.store); /* the parent is gone */
		exit(0);
	}
	if (m.op == OP_LISTEN)
		g.listener = m.fd;
	memcpy(&peer, m.body, sizeof peer);
	if (m.op == OP_PEER && peer.role == ROLE_STORE) {
		g.raw_store = m.fd;
		e = g.store == NULL ? store_new(m.fd, root, &events, &g.store)
				    : store_reconnect(g.store, m.fd);
	}
	if (m.op == OP_CONF)
		io_close(&m.fd);
	if (e == ERR_OK && m.op == OP_GO)
		e = wire_send(PARENT, OP_READY, 0, ERR_OK, NULL, 0, -1);
	if (m.op == OP_DRAIN)
		g.is_draining = 1;
	if (e != ERR_OK)
		exit(1);
}

static int
jobs_running(void)
{
	int i, n = 0;

	for (i = 0; i < MAX_JOBS; i++)
		n += g.jobs[i].is_used;
	return n;
}

static void
loop(const struct minisign_key *root)
{
	static struct pollfd in[3 + MAX_JOBS];
	static struct job *who[MAX_JOBS];
	nfds_t n, i;
	int j;

	for (;;) {
		in[0] = (struct pollfd){PARENT, POLLIN, 0};
		/* Somebody may knock before store was handed over. */
		in[1] = (struct pollfd){g.store == NULL ? -1 : g.listener, POLLIN, 0};
		in[2] = (struct pollfd){g.store == NULL ? -1 : store_fd(g.store), POLLIN, 0};
		for (j = 0, n = 3; j < MAX_JOBS; j++)
			if (g.jobs[j].is_used && g.jobs[j].conn != -1) {
				who[n - 3] = &g.jobs[j];
				in[n++] = (struct pollfd){g.jobs[j].conn, POLLIN, 0};
			}
		if (poll(in, n, -1) == -1 && errno != EINTR)
			exit(1);
		if (in[2].revents != 0)
			store_on_readable(g.store);
		if (in[0].revents != 0)
			on_parent(root);
		if (in[1].revents != 0)
			on_listener();
		for (i = 3; i < n; i++)
			if (in[i].revents != 0 && who[i - 3]->is_used &&
			    who[i - 3]->conn == in[i].fd)
				on_conn(who[i - 3]);
		if (g.is_draining == 1 && jobs_running() == 0) {
			g.is_draining = 2;
			(void)!wire_send(PARENT, OP_DRAINED, 0, ERR_OK, NULL, 0, -1);
		}
	}
}

int
main(void)
{
	struct minisign_key root;
	struct wire_msg m;

	signal(SIGPIPE, SIG_IGN);
	if (random_start() != 0 || clock_start() != 0 ||
	    wire_wait(PARENT, ROLE_PARENT, ROLE_FRONT, 10000, &m) != ERR_OK || m.op != OP_CONF ||
	    minisign_key_parse(&root, (char *)m.body, m.len) != ERR_OK)
		return 1;
	loop(&root);
}
