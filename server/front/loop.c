#include "front/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/io.h"

#define BATCH 256 /* events per turn */

struct loop {
	int epoll;
	bool is_stopped;
	loop_turn *turn;
	void *ctx;
	struct loop_queue *queues;
	struct epoll_event batch[BATCH];
	int n, at; /* the batch being delivered */
};

enum err
loop_new(loop_turn *turn, void *ctx, struct loop **out)
{
	struct loop *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_NOMEM;
	l->turn = turn;
	l->ctx = ctx;
	if ((l->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		free(l);
		return ERR_SYS;
	}
	*out = l;
	return ERR_OK;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	io_close(&l->epoll);
	free(l);
}

enum err
loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		return ERR_SYS;
	s->fd = fd;
	return ERR_OK;
}

enum err
loop_change(struct loop *l, struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	return epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->fd, &ev) == -1 ? ERR_SYS : ERR_OK;
}

void
loop_remove(struct loop *l, struct loop_source *s)
{
	int i;

	if (s->fd == -1)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -1;
	/* Its owner may be freed in the middle of a batch that still names it. */
	for (i = l->at; i < l->n; i++)
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
}

void
loop_queue_add(struct loop *l, struct loop_queue *q, int64_t ms, void (*due)(void *owner))
{
	*q = (struct loop_queue){.ms = ms, .due = due, .next = l->queues};
	l->queues = q;
}

void
loop_timer_stop(struct loop_timer *t)
{
	struct loop_queue *q = t->queue;

	if (q == NULL)
		return;
	*(t->prev == NULL ? &q->first : &t->prev->next) = t->next;
	*(t->next == NULL ? &q->last : &t->next->prev) = t->prev;
	t->queue = NULL;
	t->prev = t->next = NULL;
}

void
loop_timer_start(struct loop_queue *q, struct loop_timer *t, void *owner)
{
	loop_timer_stop(t);
	*t = (struct loop_timer){
	    .prev = q->last, .queue = q, .due = clock_mono_ms() + q->ms, .ctx = owner};
	*(q->last == NULL ? &q->first : &q->last->next) = t;
	q->last = t;
}

static void
fire(struct loop *l, int64_t now)
{
	struct loop_queue *q;
	struct loop_timer *t;

	for (q = l->queues; q != NULL; q = q->next)
		while ((t = q->first) != NULL && t->due <= now) {
			loop_timer_stop(t);
			q->due(t->ctx);
		}
}

/* The shorter of what the turn permits and the next deadline. */
static int
sleep_ms(const struct loop *l, int64_t ms)
{
	const struct loop_queue *q;
	int64_t left, now = clock_mono_ms();

	for (q = l->queues; q != NULL; q = q->next) {
		if (q->first == NULL)
			continue;
		left = q->first->due > now ? q->first->due - now : 0;
		if (ms < 0 || left < ms)
			ms = left;
	}
	return ms > 3600 * 1000 ? 3600 * 1000 : (int)ms;
}

static void
deliver(struct loop *l)
{
	for (l->at = 0; l->at < l->n;) {
		struct epoll_event *ev = &l->batch[l->at++];
		struct loop_source *s = ev->data.ptr;

		if (s != NULL)
			s->ready(s->ctx, ev->events);
	}
	l->n = l->at = 0;
}

enum err
loop_run(struct loop *l)
{
	int64_t ms = l->turn(l->ctx);

	while (!l->is_stopped) {
		l->n = epoll_wait(l->epoll, l->batch, BATCH, sleep_ms(l, ms));
		if (l->n == -1 && errno != EINTR)
			return ERR_SYS;
		deliver(l);
		fire(l, clock_mono_ms());
		ms = l->turn(l->ctx);
	}
	return ERR_OK;
}

void
loop_stop(struct loop *l)
{
	l->is_stopped = true;
}
