#include "opener.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX      16
#define SLOTS_PER_WORKER 4
#define RUN              8 /* chunks that a worker opens at a time */
#define SHORT_RANGE      4 /* chunks; for fewer no thread is worth its start */

/* A run of chunks of the announced range, opened one by one. */
struct slot {
	uint8_t bytes[RUN][AGE_SEALED_CHUNK];
	size_t len[RUN];
	enum err e[RUN];
	int why; /* errno of the first that failed */
	bool is_ready;
};

/*
 * Run i, the chunks from i * RUN on, lives in slot i % n_slots. held <= i <
 * next are in work or ready; the reader holds run `held` and gives back all before it.
 */
struct opener {
	struct age_open *age;
	pthread_t threads[WORKERS_MAX];
	size_t n_threads;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* a slot is free, or the range or is_over changed */
	pthread_cond_t ready; /* a slot became ready, or a worker went idle */
	struct slot *slots;   /* owned */
	size_t n_slots;
	uint64_t held; /* first run that isn't given back yet */
	uint64_t next; /* first run that no worker has taken */
	uint64_t last; /* first run behind the range; 0: there is none */
	uint64_t have; /* the run that the reader has waited for; it is `held` */
	uint64_t from; /* first chunk of the range */
	uint64_t end;  /* first chunk behind the range */
	size_t busy;   /* workers that open a run */
	bool is_over;
};

/* The chunks of a run that belong to the range; the first that fails ends it. */
static void
open_run(const struct opener *o, uint64_t run, struct slot *s)
{
	uint64_t i = run * RUN < o->from ? o->from : run * RUN;
	uint64_t end = o->end < (run + 1) * RUN ? o->end : (run + 1) * RUN;
	enum err e = ERR_OK;

	for (; i < end; i++) {
		if (e == ERR_OK &&
		    (e = age_open_chunk(o->age, i, s->bytes[i % RUN], &s->len[i % RUN])) != ERR_OK)
			s->why = errno;
		s->e[i % RUN] = e;
	}
}

static void *
worker(void *arg)
{
	struct opener *o = arg;
	struct slot *s;
	uint64_t run;

	pthread_mutex_lock(&o->lock);
	while (!o->is_over) {
		if (o->next >= o->last || o->next - o->held >= o->n_slots) {
			pthread_cond_wait(&o->work, &o->lock);
			continue;
		}
		run = o->next++;
		s = &o->slots[run % o->n_slots];
		s->is_ready = false;
		o->busy++;
		pthread_mutex_unlock(&o->lock);
		open_run(o, run, s);
		pthread_mutex_lock(&o->lock);
		s->is_ready = true;
		o->busy--;
		pthread_cond_signal(&o->ready);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static size_t
worker_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

static enum err
start_workers(struct opener *o)
{
	size_t n = worker_count();
	int failed = 0;

	if (o->n_threads > 0)
		return ERR_OK;
	if (o->slots == NULL) {
		o->n_slots = n * SLOTS_PER_WORKER;
		if ((o->slots = calloc(o->n_slots, sizeof *o->slots)) == NULL)
			return ERR_NOMEM;
	}
	while (o->n_threads < n) {
		failed = pthread_create(&o->threads[o->n_threads], NULL, worker, o);
		if (failed != 0)
			break;
		o->n_threads++;
	}
	if (o->n_threads > 0)
		return ERR_OK;
	errno = failed;
	return ERR_SYS;
}

enum err
opener_new(struct age_open *a, struct opener **out)
{
	struct opener *o;

	if ((o = calloc(1, sizeof *o)) == NULL)
		return ERR_NOMEM;
	o->age = a;
	o->have = UINT64_MAX;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->work, NULL);
	pthread_cond_init(&o->ready, NULL);
	*out = o;
	return ERR_OK;
}

void
opener_free(struct opener *o)
{
	size_t i;

	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->is_over = true;
	pthread_cond_broadcast(&o->work);
	pthread_mutex_unlock(&o->lock);
	for (i = 0; i < o->n_threads; i++)
		pthread_join(o->threads[i], NULL);
	if (o->slots != NULL)
		explicit_bzero(o->slots, o->n_slots * sizeof *o->slots);
	free(o->slots);
	pthread_cond_destroy(&o->ready);
	pthread_cond_destroy(&o->work);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* No worker is busy afterwards, and none takes anything. */
static void
forget_range(struct opener *o)
{
	pthread_mutex_lock(&o->lock);
	o->last = 0;
	while (o->busy > 0)
		pthread_cond_wait(&o->ready, &o->lock);
	o->from = o->end = 0;
	o->have = UINT64_MAX;
	pthread_mutex_unlock(&o->lock);
}

enum err
opener_ahead(struct opener *o, uint64_t from, uint64_t to)
{
	uint64_t first = from / AGE_CHUNK, end = to / AGE_CHUNK + (to % AGE_CHUNK != 0);
	enum err e;

	forget_range(o);
	if (end > age_open_chunks(o->age))
		end = age_open_chunks(o->age);
	if (end <= first || end - first < SHORT_RANGE)
		return ERR_OK;
	if ((e = start_workers(o)) != ERR_OK)
		return e;
	pthread_mutex_lock(&o->lock);
	o->from = first;
	o->end = end;
	o->held = o->next = first / RUN;
	o->last = (end + RUN - 1) / RUN;
	pthread_cond_broadcast(&o->work);
	pthread_mutex_unlock(&o->lock);
	return ERR_OK;
}

/* A run that a worker has taken. */
static void
wait_ready(struct opener *o, uint64_t run)
{
	while (!o->slots[run % o->n_slots].is_ready)
		pthread_cond_wait(&o->ready, &o->lock);
}

/*
 * A run of the announced range, once a worker has opened it. Runs before it
 * are given back: those in work only when they are ready, because their slots
 * will be used again.
 */
static void
wait_for(struct opener *o, uint64_t run)
{
	pthread_mutex_lock(&o->lock);
	while (o->held < run) {
		if (o->held < o->next)
			wait_ready(o, o->held);
		else
			o->next++;
		o->held++;
	}
	pthread_cond_broadcast(&o->work);
	while (run >= o->next)
		pthread_cond_wait(&o->ready, &o->lock);
	wait_ready(o, run);
	pthread_mutex_unlock(&o->lock);
	o->have = run;
}

/* At most n bytes from one chunk. */
static enum err
read_piece(struct opener *o, uint64_t at, void *p, size_t n)
{
	uint64_t i = at / AGE_CHUNK, run = i / RUN;
	size_t off = (size_t)(at % AGE_CHUNK), k = i % RUN;
	struct slot *s;

	/* Only this thread changes held, from and end. */
	if (i < o->from || i >= o->end || run < o->held)
		return age_open_read(o->age, at, p, n);
	if (run != o->have)
		wait_for(o, run);
	s = &o->slots[run % o->n_slots];
	if (s->e[k] != ERR_OK) {
		errno = s->why;
		return s->e[k];
	}
	if (off > s->len[k] || n > s->len[k] - off)
		return ERR_TRUNCATED;
	memcpy(p, s->bytes[k] + off, n);
	return ERR_OK;
}

static enum err
read_source(void *ctx, uint64_t at, void *out, size_t n)
{
	struct opener *o = ctx;
	uint8_t *p = out;
	size_t piece;
	enum err e;

	for (; n > 0; p += piece, at += piece, n -= piece) {
		piece = AGE_CHUNK - (size_t)(at % AGE_CHUNK);
		if (piece > n)
			piece = n;
		if ((e = read_piece(o, at, p, piece)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

struct zip_source
opener_source(struct opener *o)
{
	return (struct zip_source){read_source, o, age_open_size(o->age)};
}
