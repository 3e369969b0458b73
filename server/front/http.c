#include "front/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "front/route.h"

/* More than 32 KiB, so that a connection's pool is mapped and vanishes with it: an aborted upload
 * would stay in a pool on the heap. Half of it is what one recv takes: the larger the fewer. Only
 * what was received into it costs memory. */
#define POOL     69632
#define RUNS_MAX 8 /* per turn */
#define HOUR_MS  3600000
#define LOOK_MS                                                                                    \
	300 /* between two looks whether clients in the middle of a body are still there           \
	     */

enum stage {
	STAGE_HEAD,     /* nothing was asked of us yet */
	STAGE_STARTING, /* waits until its body can be taken */
	STAGE_BODY,
	STAGE_REFUSED,  /* it has no place: count what came of its body, then to the door */
	STAGE_DECIDING, /* the body is complete: waits for the answer */
	STAGE_ANSWERED,
};

struct connection {
	struct http *http;
	struct connection *prev, *next;
	struct MHD_Connection *mhd;
	struct request r;
	struct task *task; /* NULL: none, or over */
	struct loop_timer patience;
	enum stage stage;
	uint64_t received; /* bytes of the body */
	int64_t heard;     /* clock_mono_ms, when LIMIT_HEARD of them had come last */
	uint64_t unheard;  /* bytes that came since */
	uint64_t looked;   /* received, when we looked last whether the client is still there */
	bool is_paused;
	bool is_woken;       /* there is something to go on with */
	bool is_at_the_door; /* not ours any more */
	bool is_yielding;    /* it was cut off, so that somebody else gets its place */
	bool is_ending;      /* the process ends */
};

struct http {
	struct http_env env;
	struct MHD_Daemon *daemon;
	struct loop_source source; /* libmicrohttpd's epoll */
	struct loop_queue patience;
	struct loop_queue looks;
	struct loop_timer look;
	struct connection *connections;
	struct connection *arriving; /* while MHD_add_connection runs */
	size_t n;
	bool has_woken; /* some connection is_woken and is_paused */
};

/* ---- waiting: libmicrohttpd is told only in http_turn, on the event thread */

static void
wake(void *ctx)
{
	struct connection *c = ctx;

	c->is_woken = true;
	c->http->has_woken = true;
}

/* What woke us before we waited counts, too: then it goes on in the next turn. */
static enum MHD_Result
pause_connection(struct connection *c)
{
	MHD_suspend_connection(c->mhd);
	c->is_paused = true;
	loop_timer_start(&c->http->patience, &c->patience, c);
	return MHD_YES;
}

/* It may be over already, with nobody to wake us. */
static enum MHD_Result
wait_for_task(struct connection *c)
{
	if (c->task->ops->is_over(c->task))
		wake(c);
	return pause_connection(c);
}

static void
on_impatience(void *owner)
{
	struct connection *c = owner;

	c->task->ops->give_up(c->task);
	wake(c);
}

static void
resume_woken(struct http *h)
{
	struct connection *c;

	if (!h->has_woken)
		return;
	h->has_woken = false;
	for (c = h->connections; c != NULL; c = c->next) {
		if (!c->is_woken || !c->is_paused)
			continue;
		c->is_woken = c->is_paused = false;
		loop_timer_stop(&c->patience);
		MHD_resume_connection(c->mhd);
	}
}

/* ---- answers */

static void
free_body(void *cls)
{
	struct answer *a = cls;

	answer_wipe(a);
	free(a);
}

/* Takes what a holds. */
static struct MHD_Response *
make_response(struct answer *a)
{
	struct answer_field fields[ANSWER_FIELDS];
	struct answer *kept = malloc(sizeof *kept);
	struct MHD_Response *m = NULL;
	size_t n, i;

	if (kept == NULL) {
		answer_wipe(a);
		return NULL;
	}
	*kept = *a;
	explicit_bzero(a, sizeof *a);
	m = MHD_create_response_from_buffer_with_free_callback_cls(
	    kept->body.len, kept->body.p, free_body, kept);
	if (m == NULL) {
		free_body(kept);
		return NULL;
	}
	n = answer_fields(kept, fields);
	for (i = 0; i < n; i++)
		if (MHD_add_response_header(m, fields[i].name, fields[i].value) != MHD_YES) {
			MHD_destroy_response(m);
			return NULL;
		}
	return m;
}

/* Only where libmicrohttpd takes an answer: before any body, or after all of it. */
static enum MHD_Result
send_answer(struct connection *c, enum err e, struct answer *a)
{
	unsigned status = a->status;
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *m;

	if (e != ERR_OK) {
		answer_wipe(a);
		return MHD_NO;
	}
	if ((m = make_response(a)) == NULL)
		return MHD_NO;
	result = MHD_queue_response(c->mhd, status, m);
	MHD_destroy_response(m);
	c->stage = STAGE_ANSWERED;
	return result;
}

static int
fd_of(const struct connection *c)
{
	return MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/*
 * Takes the connection away from libmicrohttpd, which closes its own
 * descriptor of it when this returns MHD_NO to it.
 */
static enum MHD_Result
show_out(struct connection *c, uint64_t to_come)
{
	const struct door_guest about = {.to_come = to_come, .circuit = c->r.circuit};
	struct answer a;
	enum err e;
	int fd;

	if ((e = c->task->ops->answer(c->task, &a)) == ERR_OK &&
	    (fd = fcntl(fd_of(c), F_DUPFD_CLOEXEC, 0)) != -1) {
		c->is_at_the_door = true;
		door_take(c->http->env.door, fd, &about, &a);
	} else {
		answer_wipe(&a);
	}
	task_free(c->task);
	c->task = NULL;
	return MHD_NO;
}

/* ---- the stages of a request */

static enum MHD_Result
at_head(struct connection *c)
{
	const struct task_owner owner = {wake, c};
	struct answer a;
	enum err e = route_begin(c->http->env.site, &c->r, &owner, &c->task, &a);

	if (e != ERR_AGAIN)
		return send_answer(c, e, &a);
	c->stage = c->r.body_len > 0 ? STAGE_STARTING : STAGE_DECIDING;
	return wait_for_task(c);
}

/* It may begin, or not. A client that waits for 100 Continue needn't send its body for a refusal;
 * of the others some of it lies in libmicrohttpd's buffer, and comes with the next call. */
static enum MHD_Result
at_start(struct connection *c)
{
	if (!c->task->ops->is_over(c->task)) {
		c->stage = STAGE_BODY;
		return MHD_YES;
	}
	if (c->r.wants_continue)
		return show_out(c, 0);
	c->stage = STAGE_REFUSED;
	return MHD_YES;
}

static enum MHD_Result
at_refusal(struct connection *c, size_t size)
{
	c->received += size;
	return show_out(c, c->r.body_len - c->received);
}

static enum MHD_Result
at_body(struct connection *c, const char *data, size_t *size)
{
	size_t used = 0;
	enum err e;

	if (*size == 0) {
		c->task->ops->end(c->task);
		c->stage = STAGE_DECIDING;
		return wait_for_task(c);
	}
	e = c->task->ops->put(c->task, data, *size, &used);
	if (e == ERR_OK)
		used = *size;
	if (e != ERR_OK && e != ERR_AGAIN)
		return at_refusal(c, *size);
	c->received += used;
	if ((c->unheard += used) >= LIMIT_HEARD) {
		c->unheard = 0;
		c->heard = clock_mono_ms();
	}
	*size -= used;
	return e == ERR_AGAIN ? pause_connection(c) : MHD_YES;
}

static enum MHD_Result
at_decision(struct connection *c)
{
	struct answer a;
	enum err e;

	if (!c->task->ops->is_over(c->task))
		return pause_connection(c);
	e = c->task->ops->answer(c->task, &a);
	task_free(c->task);
	c->task = NULL;
	return send_answer(c, e, &a);
}

static const char *
method_name(enum request_method m)
{
	switch (m) {
	case REQUEST_GET: return MHD_HTTP_METHOD_GET;
	case REQUEST_HEAD: return MHD_HTTP_METHOD_HEAD;
	case REQUEST_POST: return MHD_HTTP_METHOD_POST;
	}
	return "";
}

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **unused)
{
	struct connection *c = connection_of(mhd);

	(void)cls;
	(void)version;
	(void)unused;
	c->mhd = mhd;
	if (c->is_ending)
		return MHD_NO;
	switch (c->stage) {
	case STAGE_HEAD:
		/* Two readers of one head must have read the same. */
		if (strcmp(method, method_name(c->r.method)) != 0 || strcmp(url, c->r.path) != 0)
			return MHD_NO;
		return at_head(c);
	case STAGE_STARTING: return at_start(c);
	case STAGE_BODY: return at_body(c, data, size);
	case STAGE_REFUSED: return at_refusal(c, *size);
	case STAGE_DECIDING: return at_decision(c);
	case STAGE_ANSWERED: break;
	}
	return MHD_NO;
}

/* ---- clients that are gone */

/*
 * libmicrohttpd waits for edges and takes a short read for the last one: when a
 * client's end came together with its last bytes it is never told. Half a body
 * would stay in memory until the idle time-out.
 */
static bool
has_left(struct connection *c)
{
	bool has_come = c->received != c->looked;
	char unused;

	c->looked = c->received;
	if (c->stage != STAGE_BODY || c->is_paused || has_come)
		return false;
	return recv(fd_of(c), &unused, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
look_for_clients(void *owner)
{
	struct http *h = owner;
	struct connection *c;

	for (c = h->connections; c != NULL; c = c->next)
		if (has_left(c))
			shutdown(fd_of(c), SHUT_RDWR); /* this edge is new */
	if (h->connections != NULL)
		loop_timer_start(&h->looks, &h->look, h);
}

/* ---- connections */

static void
arrive(struct http *h, struct connection *c)
{
	c->next = h->connections;
	if (c->next != NULL)
		c->next->prev = c;
	h->connections = c;
	h->n++;
	if (h->look.queue == NULL)
		loop_timer_start(&h->looks, &h->look, h);
}

static void
depart(struct connection *c)
{
	struct http *h = c->http;
	bool has_left = !c->is_at_the_door;
	uint32_t circuit = c->r.circuit;

	loop_timer_stop(&c->patience);
	task_free(c->task);
	*(c->prev == NULL ? &h->connections : &c->prev->next) = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	h->n--;
	explicit_bzero(c, sizeof *c);
	free(c);
	if (has_left)
		gate_left(h->env.gate, circuit);
}

static void
on_connection(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cls;

	(void)mhd;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = h->arriving;
		arrive(h, h->arriving);
		h->arriving = NULL;
	} else if (*context != NULL) {
		depart(*context);
		*context = NULL;
	}
}

void
http_take(struct http *h, int fd, const struct request *r)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof ss;
	struct connection *c = calloc(1, sizeof *c);

	if (c == NULL || getsockname(fd, (struct sockaddr *)&ss, &len) == -1) {
		free(c);
		io_close(&fd);
		gate_left(h->env.gate, r->circuit);
		return;
	}
	c->http = h;
	c->heard = clock_mono_ms();
	c->r = *r; /* no literal: it would leave a copy with the cookie on the stack */
	h->arriving = c;
	/* Its own address stands for the client's, which is nobody's business. */
	if (MHD_add_connection(h->daemon, fd, (struct sockaddr *)&ss, len) != MHD_YES &&
	    h->arriving != NULL) {
		h->arriving = NULL; /* fd was closed */
		free(c);
		gate_left(h->env.gate, r->circuit);
	}
}

/* ---- life */

static void
on_epoll(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events; /* http_turn does the work */
}

/* Milliseconds until it has something to do, -1 for never. */
static int64_t
due(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (h->has_woken)
		return 0;
	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return -1;
	return ms > HOUR_MS ? HOUR_MS : (int64_t)ms;
}

/* It reads once from each connection per run: a few runs save as many turns of the loop. */
int64_t
http_turn(struct http *h)
{
	int64_t ms = 0;
	int i;

	for (i = 0; i < RUNS_MAX && ms == 0; i++) {
		resume_woken(h);
		MHD_run(h->daemon);
		ms = due(h);
	}
	return ms;
}

/*
 * TURBO only means here: no shutdown() before close(), so that a connection
 * can go on at the door. Without a clock there is no Date. Connections are
 * counted by the gate, which is stricter.
 */
static struct MHD_Daemon *
start_daemon(struct http *h)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
				    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
				    MHD_USE_TURBO,
	    0, NULL, NULL, on_request, h, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(2 * LIMIT_HTTP_CONNECTIONS),
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((h->env.idle_ms + 999) / 1000),
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
}

enum err
http_new(const struct http_env *env, struct http **out)
{
	struct http *h = calloc(1, sizeof *h);
	const union MHD_DaemonInfo *info;
	enum err e = ERR_SYS;

	if (h == NULL)
		return ERR_NOMEM;
	*h = (struct http){.env = *env, .source = {on_epoll, h, -1}};
	if ((h->daemon = start_daemon(h)) == NULL)
		goto failed;
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL ||
	    (e = loop_add(env->loop, &h->source, info->epoll_fd, EPOLLIN)) != ERR_OK)
		goto failed;
	loop_queue_add(env->loop, &h->patience, env->idle_ms, on_impatience);
	loop_queue_add(env->loop, &h->looks, LOOK_MS, look_for_clients);
	*out = h;
	return ERR_OK;
failed:
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon);
	free(h);
	return e;
}

void
http_free(struct http *h)
{
	struct connection *c;

	if (h == NULL)
		return;
	/* libmicrohttpd may not be stopped while connections are suspended. */
	for (c = h->connections; c != NULL; c = c->next) {
		c->is_ending = true;
		wake(c);
	}
	resume_woken(h);
	MHD_run(h->daemon);
	loop_timer_stop(&h->look);
	loop_remove(h->env.loop, &h->source);
	MHD_stop_daemon(h->daemon);
	free(h);
}

/* Only one whose body we wait for: all others are about to leave by themselves. */
bool
http_yield(struct http *h, uint32_t circuit, int64_t before)
{
	struct connection *c, *silent = NULL;

	for (c = h->connections; c != NULL; c = c->next) {
		if (c->stage != STAGE_BODY || c->is_paused || c->is_yielding ||
		    (circuit == 0 ? c->heard >= before : c->r.circuit != circuit))
			continue;
		if (silent == NULL || c->heard < silent->heard)
			silent = c;
	}
	if (silent == NULL)
		return false;
	silent->is_yielding = true;
	shutdown(fd_of(silent), SHUT_RDWR); /* it departs in one of the next turns */
	return true;
}

size_t
http_connections(const struct http *h)
{
	return h->n;
}
