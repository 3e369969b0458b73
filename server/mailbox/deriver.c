#include "deriver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "open/secret.h"

#define WORKERS_MAX 16

struct job {
	uint32_t ref;
	uint32_t audience; /* the deriver's when it was queued */
	int64_t since_ms;
	enum err result;
	struct codename name;
	struct codename_keys keys;
};

/* A ring of jobs. Lies in guarded memory with the rest of struct deriver. */
struct queue {
	struct job jobs[LIMIT_SIGN_IN_WAITING + WORKERS_MAX];
	size_t head, n;
};

struct deriver {
	pthread_mutex_t lock; /* guards all below but events and fd */
	pthread_cond_t work;
	struct queue waiting, done;
	struct deriver_fresh *pool;
	size_t size;       /* codenames that the pool takes */
	size_t ready;      /* codenames in it */
	size_t refills;    /* codenames being derived for it */
	uint32_t audience; /* of fronts: an old one's sign-ins aren't answered to the new one */
	bool is_over;
	bool is_filling; /* from less than half on until the pool is full */
	bool is_starved; /* the last refill had no memory: wait for the next event */
	pthread_t threads[WORKERS_MAX + 1]; /* the first refills the pool */
	unsigned workers;
	int fd;
	const char *instance;
	struct deriver_events events;
};

#define QUEUE_MAX (LIMIT_SIGN_IN_WAITING + WORKERS_MAX)

static void
push(struct queue *q, const struct job *j)
{
	q->jobs[(q->head + q->n++) % QUEUE_MAX] = *j;
}

static void
pop(struct queue *q, struct job *j)
{
	struct job *from = &q->jobs[q->head];

	*j = *from;
	explicit_bzero(from, sizeof *from);
	q->head = (q->head + 1) % QUEUE_MAX;
	q->n--;
}

static void
announce(struct deriver *d)
{
	const uint64_t one = 1;

	/* A full counter is readable all the same. */
	if (write(d->fd, &one, sizeof one) == -1)
		return;
}

/* Both are called with the lock held, and hold it again when they return. */
static void
do_sign_in(struct deriver *d)
{
	struct job j;

	pop(&d->waiting, &j);
	pthread_mutex_unlock(&d->lock);
	j.result = codename_derive(&j.keys, &j.name, d->instance);
	explicit_bzero(&j.name, sizeof j.name);
	pthread_mutex_lock(&d->lock);
	push(&d->done, &j);
	explicit_bzero(&j, sizeof j);
	pthread_cond_broadcast(&d->work); /* the pool may be refilled again */
	announce(d);
}

static void
do_refill(struct deriver *d)
{
	struct deriver_fresh f;
	enum err e;

	d->refills++;
	pthread_mutex_unlock(&d->lock);
	codename_new(&f.name);
	e = codename_derive(&f.keys, &f.name, d->instance);
	pthread_mutex_lock(&d->lock);
	d->refills--;
	if (e == ERR_OK)
		d->pool[d->ready++] = f;
	d->is_starved = e != ERR_OK;
	explicit_bzero(&f, sizeof f);
	announce(d);
}

/*
 * In batches: one upload alone costs no Argon2id, neither its memory nor its time, and the work of
 * a refill tells nobody when a source took a codename. The half that is always there is one for
 * each upload that may run at once; the other half is what a crowd of them takes without any
 * Argon2id beside it.
 */
static bool
wants_refill(struct deriver *d)
{
	size_t n = d->ready + d->refills;

	if (n < d->size / 2)
		d->is_filling = true;
	else if (n == d->size)
		d->is_filling = false;
	return d->is_filling && !d->is_starved;
}

/* An upload that finds the pool empty waits for a few seconds only: then all help. */
static bool
is_urgent(struct deriver *d)
{
	return d->ready == 0 && wants_refill(d);
}

static void *
run_sign_in(void *arg)
{
	struct deriver *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->is_over) {
		if (d->waiting.n > 0)
			do_sign_in(d);
		else if (is_urgent(d))
			do_refill(d);
		else
			pthread_cond_wait(&d->work, &d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Takes only the time that uploads and sign-ins leave over. */
static void *
run_refill(void *arg)
{
	struct deriver *d = arg;

	/* On Linux a thread has a priority of its own. If it can't be lowered, it is the others'.
	 */
	(void)!nice(19);
	pthread_mutex_lock(&d->lock);
	while (!d->is_over) {
		if (wants_refill(d) && d->waiting.n == 0)
			do_refill(d);
		else
			pthread_cond_wait(&d->work, &d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

enum err
deriver_new(unsigned workers, size_t at_once, const char *instance,
    const struct deriver_events *events, struct deriver **out)
{
	struct deriver *d;

	const size_t pool = 2 * at_once;

	if (workers == 0 || workers > WORKERS_MAX || at_once == 0)
		return ERR_USAGE;
	if ((d = secret_new(sizeof *d)) == NULL)
		return ERR_NOMEM;
	if ((d->pool = secret_new(pool * sizeof *d->pool)) == NULL) {
		secret_free(d);
		return ERR_NOMEM;
	}
	d->size = pool;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->work, NULL);
	d->instance = instance;
	d->events = *events;
	if ((d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		goto failed;
	for (; d->workers < workers + 1; d->workers++)
		if (pthread_create(&d->threads[d->workers], NULL,
			d->workers == 0 ? run_refill : run_sign_in, d) != 0)
			goto failed;
	*out = d;
	return ERR_OK;
failed:
	deriver_free(d);
	return ERR_SYS;
}

void
deriver_free(struct deriver *d)
{
	unsigned i;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->lock);
	d->is_over = true;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	for (i = 0; i < d->workers; i++)
		pthread_join(d->threads[i], NULL);
	pthread_cond_destroy(&d->work);
	pthread_mutex_destroy(&d->lock);
	io_close(&d->fd);
	secret_free(d->pool);
	secret_free(d);
}

int
deriver_fd(const struct deriver *d)
{
	return d->fd;
}

void
deriver_on_readable(struct deriver *d)
{
	uint64_t count;
	struct job j;

	if (read(d->fd, &count, sizeof count) == -1)
		return;
	pthread_mutex_lock(&d->lock);
	while (d->done.n > 0) {
		pop(&d->done, &j);
		pthread_mutex_unlock(&d->lock);
		if (j.audience == d->audience)
			d->events.signed_in(d->events.ctx, j.ref, j.result, &j.keys);
		explicit_bzero(&j, sizeof j);
		pthread_mutex_lock(&d->lock);
	}
	pthread_mutex_unlock(&d->lock);
}

enum err
deriver_sign_in(struct deriver *d, uint32_t ref, const struct codename *c, int64_t now_ms)
{
	struct job j = {.ref = ref, .audience = d->audience, .since_ms = now_ms, .name = *c};
	enum err e = ERR_OK;

	pthread_mutex_lock(&d->lock);
	/* What is done but not yet fetched takes a place, too: the rings can't overflow. */
	if (d->waiting.n + d->done.n >= LIMIT_SIGN_IN_WAITING)
		e = ERR_BUSY;
	else
		push(&d->waiting, &j);
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	explicit_bzero(&j, sizeof j);
	return e;
}

bool
deriver_sweep(struct deriver *d, int64_t now_ms)
{
	struct job j = {0};
	bool is_waited_for;

	pthread_mutex_lock(&d->lock);
	/* The first has waited longest. */
	while (d->waiting.n > 0 &&
	       now_ms - d->waiting.jobs[d->waiting.head].since_ms > LIMIT_SIGN_IN_MS) {
		pop(&d->waiting, &j);
		explicit_bzero(&j.name, sizeof j.name);
		j.result = ERR_BUSY;
		push(&d->done, &j);
		announce(d);
	}
	is_waited_for = d->waiting.n > 0;
	pthread_mutex_unlock(&d->lock);
	return is_waited_for;
}

void
deriver_forget_sign_ins(struct deriver *d)
{
	struct job j;

	pthread_mutex_lock(&d->lock);
	while (d->waiting.n > 0)
		pop(&d->waiting, &j);
	d->audience++; /* what is being worked on, or done, is dropped when it is fetched */
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	explicit_bzero(&j, sizeof j);
}

enum err
deriver_take(struct deriver *d, struct deriver_fresh *out)
{
	enum err e = ERR_AGAIN;

	pthread_mutex_lock(&d->lock);
	if (d->ready > 0) {
		d->ready--;
		*out = d->pool[d->ready];
		explicit_bzero(&d->pool[d->ready], sizeof d->pool[0]);
		e = ERR_OK;
	}
	d->is_starved = false;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	return e;
}

void
deriver_give_back(struct deriver *d, const struct deriver_fresh *f)
{
	pthread_mutex_lock(&d->lock);
	if (d->ready + d->refills < d->size) {
		d->pool[d->ready++] = *f;
		announce(d); /* somebody may wait for one */
	}
	pthread_mutex_unlock(&d->lock);
}
