#ifndef SEALSLOT_FRONT_LOOP_H
#define SEALSLOT_FRONT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The event loop: one thread, one epoll, descriptors and deadlines. Everything
 * in front but the sealing workers runs inside loop_run.
 */
struct loop;

/* A descriptor that somebody waits on; embedded in its owner. */
struct loop_source {
	void (*ready)(void *ctx, uint32_t events);
	void *ctx;
	int fd; /* borrowed; -1 while it isn't in the loop */
};

/*
 * Deadlines. All timers of one queue wait equally long, so the first one
 * started is the first one due, and starting, stopping and firing are O(1).
 */
struct loop_timer {
	struct loop_timer *prev, *next;
	struct loop_queue *queue; /* NULL while it doesn't run */
	int64_t due;              /* clock_mono_ms */
	void *ctx;                /* the owner's */
};

struct loop_queue {
	struct loop_timer *first, *last;
	struct loop_queue *next;
	int64_t ms;
	void (*due)(void *owner); /* called with the timer's ctx; the timer has stopped */
};

/*
 * Called once in every turn, after descriptors and deadlines. Returns how many
 * milliseconds the loop may sleep at most, -1 for no limit.
 */
typedef int64_t loop_turn(void *ctx);

enum err MUST_CHECK loop_new(loop_turn *turn, void *ctx, struct loop **out);
/* Sources, timers and queues are their owners'. Accepts NULL. */
void loop_free(struct loop *l);

/* events: EPOLLIN and so on; s->ready and s->ctx are set. */
enum err MUST_CHECK loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events);
enum err MUST_CHECK loop_change(struct loop *l, struct loop_source *s, uint32_t events);
/* Before its descriptor is closed. Nothing of it is delivered any more. Accepts one that isn't in.
 */
void loop_remove(struct loop *l, struct loop_source *s);

/* q lives as long as the loop. */
void loop_queue_add(struct loop *l, struct loop_queue *q, int64_t ms, void (*due)(void *owner));
/* Starts, or starts again from now. */
void loop_timer_start(struct loop_queue *q, struct loop_timer *t, void *owner);
void loop_timer_stop(struct loop_timer *t);

/* Until loop_stop. ERR_SYS when epoll fails. */
enum err MUST_CHECK loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
