#include "opener.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX      16
#define SLOTS_PER_WORKER 4
#define SHORT_RANGE      4 /* chunks; for fewer no thread is worth its start */

/* One opened chunk of the announced range. */
struct slot {
	uint8_t bytes[AGE_SEALED_CHUNK];
	size_t len;
	enum err e;
	bool is_ready;
};

/*
 * Chunk i of the range lives in slot i % n_slots. taken <= i < next are in
 * work or ready; the reader holds chunk `held` and gives back all before it.
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
	uint64_t held; /* first chunk that isn't given back yet */
	uint64_t next; /* first chunk that no worker has taken */
	uint64_t end;  /* first chunk behind the range */
	uint64_t have; /* the chunk that the reader has waited for; it is `held` */
	size_t busy;   /* workers that open a chunk */
	bool is_over;
};

static void *
worker(void *arg)
{
	struct opener *o = arg;
	struct slot *s;
	uint64_t i;

	pthread_mutex_lock(&o->lock);
	while (!o->is_over) {
		if (o->next >= o->end || o->next - o->held >= o->n_slots) {
			pthread_cond_wait(&o->work, &o->lock);
			continue;
		}
		i = o->next++;
		s = &o->slots[i % o->n_slots];
		s->is_ready = false;
		o->busy++;
		pthread_mutex_unlock(&o->lock);
		s->e = age_open_chunk(o->age, i, s->bytes, &s->len);
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

enum err
opener_ahead(struct opener *o, uint64_t from, uint64_t to)
{
	uint64_t first = from / AGE_CHUNK, end = to / AGE_CHUNK + (to % AGE_CHUNK != 0);
	enum err e;

	pthread_mutex_lock(&o->lock);
	o->end = 0;
	while (o->busy > 0)
		pthread_cond_wait(&o->ready, &o->lock);
	o->held = o->next = first;
	o->have = UINT64_MAX;
	pthread_mutex_unlock(&o->lock);
	if (end > age_open_chunks(o->age))
		end = age_open_chunks(o->age);
	if (end <= first || end - first < SHORT_RANGE)
		return ERR_OK;
	if ((e = start_workers(o)) != ERR_OK)
		return e;
	pthread_mutex_lock(&o->lock);
	o->end = end;
	pthread_cond_broadcast(&o->work);
	pthread_mutex_unlock(&o->lock);
	return ERR_OK;
}

/* A chunk that a worker has taken. */
static void
wait_ready(struct opener *o, uint64_t i)
{
	while (!o->slots[i % o->n_slots].is_ready)
		pthread_cond_wait(&o->ready, &o->lock);
}

/*
 * Chunk i of the announced range, once a worker has opened it. Chunks before
 * it are given back: those in work only when they are ready, because their
 * slots will be used again.
 */
static struct slot *
wait_for(struct opener *o, uint64_t i)
{
	pthread_mutex_lock(&o->lock);
	while (o->held < i) {
		if (o->held < o->next)
			wait_ready(o, o->held);
		else
			o->next++;
		o->held++;
	}
	pthread_cond_broadcast(&o->work);
	while (i >= o->next)
		pthread_cond_wait(&o->ready, &o->lock);
	wait_ready(o, i);
	pthread_mutex_unlock(&o->lock);
	o->have = i;
	return &o->slots[i % o->n_slots];
}

/* At most n bytes from one chunk. */
static enum err
read_piece(struct opener *o, uint64_t at, void *p, size_t n)
{
	uint64_t i = at / AGE_CHUNK;
	size_t off = (size_t)(at % AGE_CHUNK);
	struct slot *s;

	/* Only this thread changes held and end. */
	if (i < o->held || i >= o->end)
		return age_open_read(o->age, at, p, n);
	s = i == o->have ? &o->slots[i % o->n_slots] : wait_for(o, i);
	if (s->e != ERR_OK)
		return s->e;
	if (off > s->len || n > s->len - off)
		return ERR_TRUNCATED;
	memcpy(p, s->bytes + off, n);
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
