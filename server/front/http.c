#include "front/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "front/http_request.h"

/* More than 32 KiB, so that a connection's pool is mapped and vanishes with it: an aborted upload
 * would stay in a pool on the heap. Half of it is what one recv takes: the larger the fewer. Only
 * what was received into it costs memory. */
#define POOL     69632
#define RUNS_MAX 8 /* per turn */
#define HOUR_MS  3600000
#define LOOK_MS                                                                                    \
	300 /* between two looks whether clients in the middle of a body are still there           \
	     */

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
	return recv(http_request_fd(c), &unused, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
look_for_clients(void *owner)
{
	struct http *h = owner;
	struct connection *c;

	for (c = h->connections; c != NULL; c = c->next)
		if (has_left(c))
			shutdown(http_request_fd(c), SHUT_RDWR); /* this edge is new */
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
		http_request_resume(h);
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
	    0, NULL, NULL, http_request_step, h, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
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
	loop_queue_add(env->loop, &h->patience, env->idle_ms, http_request_give_up);
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
		http_request_wake(c);
	}
	http_request_resume(h);
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
	shutdown(http_request_fd(silent), SHUT_RDWR); /* it departs in one of the next turns */
	return true;
}

size_t
http_connections(const struct http *h)
{
	return h->n;
}
