#include "front/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/io.h"
#include "base/limits.h"
#include "front/circuits.h"
#include "front/proxy.h"

#define ACCEPT_BATCH 64 /* per turn, so that a crowd doesn't hold up those inside */

struct gate {
	struct loop *loop;
	struct loop_source listener;
	struct gate_setup setup;
	size_t places; /* connections, here and inside */
	struct circuits *circuits;
	struct loop_queue waiting;
	char head[LIMIT_HTTP_HEADER + 1];
};

struct visitor {
	struct gate *gate;
	struct loop_source source;
	struct loop_timer timer;
	size_t seen;       /* bytes of the head that were scanned */
	uint32_t circuit;  /* 0: not known, or not yet */
	bool is_announced; /* the line with its circuit has come, or there is none */
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
	uint32_t circuit = v->circuit;
	int fd = release(v);

	io_close(&fd);
	gate_left(g, circuit);
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
	r.circuit = v->circuit;
	g->setup.request(g->setup.ctx, release(v), &r, f, head_len);
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

/* The line with the circuit is taken from the socket: nobody behind the gate sees it. ERR_AGAIN: it
 * hasn't come in full. Otherwise the visitor can't stay. */
static enum err
hear_circuit(struct visitor *v, size_t n)
{
	struct gate *g = v->gate;
	size_t len = 0;
	enum err e;

	if ((e = proxy_parse(g->head, n, &len, &v->circuit)) != ERR_OK)
		return e;
	circuits_enter(g->circuits, v->circuit);
	v->is_announced = true;
	if (circuits_held(g->circuits, v->circuit) > LIMIT_CIRCUIT_PLACES)
		return ERR_LIMIT;
	return recv(v->source.fd, g->head, len, 0) == (ssize_t)len ? ERR_OK : ERR_SYS;
}

/* What lies in the socket, its circuit taken away first. *most: as many bytes of the gate's buffer
 * aren't empty any more, also when the visitor can't stay. */
static ssize_t
peek(struct visitor *v, size_t *most, enum err *e)
{
	struct gate *g = v->gate;
	ssize_t n = recv(v->source.fd, g->head, sizeof g->head, MSG_PEEK);

	*e = ERR_OK;
	*most = n > 0 ? (size_t)n : 0;
	if (n <= 0 || v->is_announced)
		return n;
	if ((*e = hear_circuit(v, (size_t)n)) != ERR_OK)
		return -1;
	n = recv(v->source.fd, g->head, sizeof g->head, MSG_PEEK);
	if (n > 0 && (size_t)n > *most)
		*most = (size_t)n;
	return n;
}

static void
on_visitor(void *ctx, uint32_t events)
{
	struct visitor *v = ctx;
	struct gate *g = v->gate;
	bool is_gone = (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
	size_t most;
	enum err e;
	ssize_t n = peek(v, &most, &e);

	if (e != ERR_OK && e != ERR_AGAIN)
		turn_away(v);
	else if (n > 0)
		look_at(v, (size_t)n, is_gone);
	else if (n == 0 || is_gone)
		turn_away(v);
	explicit_bzero(g->head, most);
}

static enum err
welcome(struct gate *g, int fd)
{
	struct visitor *v = calloc(1, sizeof *v);
	enum err e;

	if (v == NULL)
		return ERR_NOMEM;
	*v = (struct visitor){
	    .gate = g, .source = {on_visitor, v, -1}, .is_announced = !g->setup.has_circuits};
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

/* The visitor of a circuit, or of any, that waits longest. */
static struct visitor *
first_visitor(const struct gate *g, uint32_t circuit)
{
	struct loop_timer *t;

	for (t = g->waiting.first; t != NULL; t = t->next) {
		struct visitor *v = t->ctx;

		if (circuit == 0 || v->circuit == circuit)
			return v;
	}
	return NULL;
}

/* Who takes too much; 0: nobody. */
static uint32_t
immodest(const struct gate *g)
{
	uint32_t held, circuit = circuits_most(g->circuits, &held);

	return held > LIMIT_CIRCUIT_MODEST ? circuit : 0;
}

/* Somebody of this circuit, or of any, gives way. */
static bool
make_place(struct gate *g, uint32_t circuit)
{
	struct visitor *v = first_visitor(g, circuit);

	if (v == NULL)
		return g->setup.yield(g->setup.ctx, circuit);
	turn_away(v);
	return true;
}

/* Is there a place? Makes one, if somebody can give way; closes the gate for now if not. */
static bool
has_place(struct gate *g)
{
	uint32_t circuit;

	if (g->places < LIMIT_HTTP_CONNECTIONS)
		return true;
	circuit = immodest(g);
	if (!make_place(g, circuit) && circuit != 0)
		(void)make_place(g, 0);
	if (g->places < LIMIT_HTTP_CONNECTIONS)
		return true;
	loop_remove(g->loop, &g->listener);
	return false;
}

static void
on_listener(void *ctx, uint32_t events)
{
	struct gate *g = ctx;
	int fd, i;

	(void)events;
	/* The last place ends the round: somebody gives way only when somebody else waits. */
	for (i = 0; i < ACCEPT_BATCH && has_place(g); i++) {
		fd = accept4(g->setup.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
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
gate_new(struct loop *l, const struct gate_setup *setup, struct gate **out)
{
	struct gate *g = calloc(1, sizeof *g);
	enum err e;

	if (g == NULL)
		return ERR_NOMEM;
	g->loop = l;
	g->setup = *setup;
	g->listener = (struct loop_source){on_listener, g, -1};
	if ((e = circuits_new(LIMIT_HTTP_CONNECTIONS, &g->circuits)) != ERR_OK ||
	    (e = loop_add(l, &g->listener, setup->listener, EPOLLIN)) != ERR_OK) {
		circuits_free(g->circuits);
		free(g);
		return e;
	}
	loop_queue_add(l, &g->waiting, setup->header_ms, turn_away);
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
	circuits_free(g->circuits);
	explicit_bzero(g, sizeof *g);
	free(g);
}

void
gate_left(struct gate *g, uint32_t circuit)
{
	g->places--;
	circuits_leave(g->circuits, circuit);
	/* If this fails the gate stays closed until the next one leaves. */
	if (g->listener.fd == -1 &&
	    loop_add(g->loop, &g->listener, g->setup.listener, EPOLLIN) != ERR_OK)
		g->listener.fd = -1;
}
