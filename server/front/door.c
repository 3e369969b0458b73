#include "front/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"

#define SCRATCH   (32 * 1024)
#define READS_MAX 8 /* per event, so that one guest doesn't hold up the others */

struct door {
	struct loop *loop;
	struct loop_queue patience;
	struct guest *guests;
	size_t n;
	struct gate *gate;
	uint8_t scratch[SCRATCH];
};

struct guest {
	struct guest *prev, *next;
	struct door *door;
	struct loop_source source;
	struct loop_timer timer;
	bool is_answering; /* swallowed enough */
	bool is_finished;  /* everything is sent, and the client knows */
	uint64_t to_come;  /* bytes until the request is complete */
	uint64_t swallowed;
	struct buf out; /* the answer */
	size_t sent;
	uint32_t circuit;
	int64_t since;
};

static void
dismiss(struct guest *g)
{
	struct door *d = g->door;
	int fd = g->source.fd;

	loop_timer_stop(&g->timer);
	loop_remove(d->loop, &g->source);
	io_close(&fd);
	buf_wipe(&g->out);
	*(g->prev == NULL ? &d->guests : &g->prev->next) = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	gate_left(d->gate, g->circuit);
	free(g);
	d->n--;
}

/* Sends what fits. False: the guest is gone. */
static bool
send_some(struct guest *g)
{
	ssize_t n;

	while (g->sent < g->out.len) {
		n = send(g->source.fd, g->out.p + g->sent, g->out.len - g->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		g->sent += (size_t)n;
	}
	return true;
}

/* Swallows what has come. False: the guest is gone, or has had enough of our time. Closing while
 * bytes wait unread would reset the connection, and the answer could be lost with it. */
static bool
swallow(struct guest *g)
{
	struct door *d = g->door;
	ssize_t n;
	int i;

	for (i = 0; i < READS_MAX; i++) {
		n = recv(g->source.fd, d->scratch, sizeof d->scratch, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			return false;
		explicit_bzero(d->scratch, (size_t)n);
		g->swallowed += (uint64_t)n;
		g->to_come -= (uint64_t)n < g->to_come ? (uint64_t)n : g->to_come;
		if (g->to_come == 0)
			g->is_answering = true;
	}
	return g->swallowed <= LIMIT_DRAIN_BYTES;
}

/* Level-triggered: reading goes on, writing only while there is something to write. */
static enum err
wait_for(struct guest *g)
{
	bool is_waiting_to_send = g->is_answering && g->sent < g->out.len;
	uint32_t events = is_waiting_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN;

	return loop_change(g->door->loop, &g->source, events);
}

static void
go_on(struct guest *g)
{
	bool is_here = true;

	if (g->is_answering)
		is_here = send_some(g);
	if (is_here && !g->is_finished && g->sent == g->out.len && g->to_come == 0) {
		g->is_finished = true;
		is_here = shutdown(g->source.fd, SHUT_WR) == 0;
	}
	if (!is_here || wait_for(g) != ERR_OK)
		dismiss(g);
}

static void
on_guest(void *ctx, uint32_t events)
{
	struct guest *g = ctx;

	(void)events;
	if (swallow(g)) {
		go_on(g);
		return;
	}
	/* The last chance to hand over the answer. */
	if (g->sent < g->out.len)
		send_some(g);
	dismiss(g);
}

static void
on_impatience(void *owner)
{
	struct guest *g = owner;

	if (g->is_answering) {
		dismiss(g);
		return;
	}
	g->is_answering = true;
	loop_timer_start(&g->door->patience, &g->timer, g);
	go_on(g);
}

enum err
door_new(struct loop *l, struct gate *g, int64_t drain_ms, struct door **out)
{
	struct door *d = calloc(1, sizeof *d);

	if (d == NULL)
		return ERR_NOMEM;
	d->loop = l;
	d->gate = g;
	loop_queue_add(l, &d->patience, drain_ms, on_impatience);
	*out = d;
	return ERR_OK;
}

void
door_free(struct door *d)
{
	if (d == NULL)
		return;
	while (d->guests != NULL)
		dismiss(d->guests);
	free(d);
}

bool
door_yield(struct door *d, uint32_t circuit, int64_t before)
{
	struct guest *g, *oldest = NULL;

	/* The newest stands first. */
	for (g = d->guests; g != NULL; g = g->next)
		if (circuit == 0 ? g->since < before : g->circuit == circuit)
			oldest = g;
	if (oldest == NULL)
		return false;
	dismiss(oldest);
	return true;
}

size_t
door_guests(const struct door *d)
{
	return d->n;
}

static struct guest *
guest_new(struct door *d, int fd, struct answer *a, const struct door_guest *about)
{
	struct guest *g = calloc(1, sizeof *g);
	enum err e;

	if (g == NULL)
		return NULL;
	*g = (struct guest){.door = d,
	    .next = d->guests,
	    .source = {on_guest, g, -1},
	    .circuit = about->circuit,
	    .since = clock_mono_ms(),
	    .to_come = about->to_come};
	buf_init(&g->out, ANSWER_BODY_MAX);
	e = answer_head(a, &g->out);
	if (e == ERR_OK && !about->is_head)
		e = buf_add(&g->out, a->body.p, a->body.len);
	if (e != ERR_OK || loop_add(d->loop, &g->source, fd, EPOLLIN) != ERR_OK) {
		buf_wipe(&g->out);
		free(g);
		return NULL;
	}
	if (d->guests != NULL)
		d->guests->prev = g;
	d->guests = g;
	d->n++;
	return g;
}

void
door_take(struct door *d, int fd, const struct door_guest *about, struct answer *a)
{
	struct guest *g = guest_new(d, fd, a, about);

	answer_wipe(a);
	if (g == NULL) {
		io_close(&fd);
		gate_left(d->gate, about->circuit);
		return;
	}
	/* What is larger than the door may swallow is told so at once. */
	g->is_answering = g->to_come == 0 || g->to_come > LIMIT_DRAIN_BYTES;
	loop_timer_start(&d->patience, &g->timer, g);
	go_on(g);
}
