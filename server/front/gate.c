#include "front/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/io.h"
#include "base/limits.h"

#define ACCEPT_BATCH 64 /* per turn, so that a crowd doesn't hold up those inside */

struct gate {
	struct loop *loop;
	struct loop_source listener;
	int fd;
	size_t places; /* connections, here and inside */
	struct loop_queue waiting;
	gate_request *request;
	void *ctx;
	char head[LIMIT_HTTP_HEADER + 1];
};

struct visitor {
	struct gate *gate;
	struct loop_source source;
	struct loop_timer timer;
	size_t seen; /* bytes of the head that were scanned */
};

/* Takes the visitor apart; its descriptor lives on. */
static int
release(struct visitor *v)
{
	int fd = v->source.fd;

	loop_remove(v->gate->loop, &v->source);
	loop_timer_stop(&v->timer);
	free(v);
	return fd;
}

static void
turn_away(void *owner)
{
	struct visitor *v = owner;
	struct gate *g = v->gate;
	int fd = release(v);

	io_close(&fd);
	gate_left(g);
}

static void
let_in(struct visitor *v, enum request_fault f, size_t head_len)
{
	struct gate *g = v->gate;
	struct request r;
	enum request_fault parsed;

	memset(&r, 0, sizeof r);
	if (head_len > 0) {
		parsed = request_parse(&r, g->head, head_len);
		f = f == REQUEST_OK ? parsed : f;
	}
	g->request(g->ctx, release(v), &r, f, head_len);
	explicit_bzero(&r, sizeof r);
}

/* n bytes have come, maybe some of the body, too. */
static void
look_at(struct visitor *v, size_t n, bool is_all)
{
	size_t len;
	enum request_fault f = request_scan(v->gate->head, n, &v->seen, &len);

	if (f != REQUEST_OK || len > 0)
		let_in(v, f, len);
	else if (is_all)
		turn_away(v); /* gone before the end of its head */
}

static void
on_visitor(void *ctx, uint32_t events)
{
	struct visitor *v = ctx;
	struct gate *g = v->gate;
	bool is_gone = (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
	ssize_t n = recv(v->source.fd, g->head, sizeof g->head, MSG_PEEK);

	if (n > 0) {
		look_at(v, (size_t)n, is_gone);
		explicit_bzero(g->head, (size_t)n);
	} else if (n == 0 || is_gone) {
		turn_away(v);
	}
}

static enum err
welcome(struct gate *g, int fd)
{
	struct visitor *v = calloc(1, sizeof *v);
	enum err e;

	if (v == NULL)
		return ERR_NOMEM;
	*v = (struct visitor){.gate = g, .source = {on_visitor, v, -1}};
	/* Edge-triggered: what was looked at stays in the socket. */
	e = loop_add(g->loop, &v->source, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
	if (e != ERR_OK) {
		free(v);
		return e;
	}
	loop_timer_start(&g->waiting, &v->timer, v);
	g->places++;
	on_visitor(
	    v, EPOLLIN); /* most heads are there already: they needn't wait to be looked at */
	return ERR_OK;
}

/* Makes a place, if somebody can give way; closes the gate for now if not. */
static bool
has_place(struct gate *g)
{
	if (g->places < LIMIT_HTTP_CONNECTIONS)
		return true;
	if (g->waiting.first == NULL) {
		loop_remove(g->loop, &g->listener);
		return false;
	}
	turn_away(g->waiting.first->ctx);
	return true;
}

static void
on_listener(void *ctx, uint32_t events)
{
	struct gate *g = ctx;
	int fd, i;

	(void)events;
	/* The last place ends the round: somebody gives way only when somebody else waits. */
	for (i = 0; i < ACCEPT_BATCH && has_place(g); i++) {
		fd = accept4(g->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1) {
			/* Without descriptors nobody gets in before somebody leaves. */
			if (errno == EMFILE || errno == ENFILE)
				loop_remove(g->loop, &g->listener);
			return;
		}
		if (welcome(g, fd) != ERR_OK)
			io_close(&fd);
		if (g->places >= LIMIT_HTTP_CONNECTIONS)
			return;
	}
}

enum err
gate_new(struct loop *l, int listener, int64_t header_ms, gate_request *request, void *ctx,
    struct gate **out)
{
	struct gate *g = calloc(1, sizeof *g);
	enum err e;

	if (g == NULL)
		return ERR_NOMEM;
	g->loop = l;
	g->fd = listener;
	g->request = request;
	g->ctx = ctx;
	g->listener = (struct loop_source){on_listener, g, -1};
	loop_queue_add(l, &g->waiting, header_ms, turn_away);
	if ((e = loop_add(l, &g->listener, listener, EPOLLIN)) != ERR_OK) {
		free(g);
		return e;
	}
	*out = g;
	return ERR_OK;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	loop_remove(g->loop, &g->listener);
	while (g->waiting.first != NULL) {
		struct visitor *v = g->waiting.first->ctx;
		int fd = release(v);

		io_close(&fd);
	}
	explicit_bzero(g, sizeof *g);
	free(g);
}

void
gate_left(struct gate *g)
{
	g->places--;
	/* If this fails the gate stays closed until the next one leaves. */
	if (g->listener.fd == -1 && loop_add(g->loop, &g->listener, g->fd, EPOLLIN) != ERR_OK)
		g->listener.fd = -1;
}
