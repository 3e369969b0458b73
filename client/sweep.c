#include "sweep.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 16
#define RUN_CHUNKS  (SWEEP_RUN / AGE_CHUNK)

struct task {
	const struct age_open *age;
	struct sweep_visitor visitor;
	uint64_t from, to;
	uint64_t first; /* run that from lies in, counted from the file's start */
	size_t runs;
	pthread_mutex_t lock; /* guards the rest */
	size_t next;          /* run that nobody has taken */
	size_t bad;           /* first run with an error; runs: none */
	enum err e;
	int why; /* errno of the thread that met it */
};

size_t
sweep_runs(uint64_t from, uint64_t to)
{
	return from >= to ? 0 : (size_t)((to - 1) / SWEEP_RUN - from / SWEEP_RUN + 1);
}

/* A chunk's tag is overwritten by the chunk behind it: the plaintext lies in one piece. */
static enum err
open_run(const struct task *t, size_t i, uint8_t *room)
{
	uint64_t start = (t->first + i) * SWEEP_RUN, end = start + SWEEP_RUN, chunk;
	uint64_t from = t->from > start ? t->from : start, to = t->to < end ? t->to : end;
	size_t n = 0;
	enum err e;

	for (chunk = from / AGE_CHUNK; chunk <= (to - 1) / AGE_CHUNK; chunk++)
		if ((e = age_open_chunk(t->age, chunk, room + (chunk * AGE_CHUNK - start), &n)) !=
		    ERR_OK)
			return e;
	return t->visitor.visit(
	    t->visitor.ctx, i, from, room + (from - start), (size_t)(to - from));
}

/* Runs are taken in order: when one fails, all before it are taken, and come to an end. */
static void
work(struct task *t, uint8_t *room)
{
	size_t i;
	enum err e;
	int why;

	pthread_mutex_lock(&t->lock);
	while (t->bad == t->runs && t->next < t->runs) {
		i = t->next++;
		pthread_mutex_unlock(&t->lock);
		e = open_run(t, i, room);
		why = errno;
		pthread_mutex_lock(&t->lock);
		if (e != ERR_OK && i < t->bad) {
			t->bad = i;
			t->e = e;
			t->why = why;
		}
	}
	pthread_mutex_unlock(&t->lock);
}

static enum err
work_with_room(struct task *t)
{
	uint8_t *room = malloc(RUN_CHUNKS * AGE_CHUNK + AGE_TAG);

	if (room == NULL)
		return ERR_NOMEM;
	work(t, room);
	explicit_bzero(room, RUN_CHUNKS * AGE_CHUNK + AGE_TAG);
	free(room);
	return ERR_OK;
}

/* Without room it does nothing: then the others do it all. */
static void *
help(void *task)
{
	(void)!work_with_room(task);
	return NULL;
}

/* Cores that this process may use, whatever the machine has. */
static size_t
core_count(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof set, &set) == -1)
		return 1;
	n = CPU_COUNT(&set);
	return n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

enum err
sweep(const struct age_open *a, uint64_t from, uint64_t to, struct sweep_visitor visitor)
{
	struct task t = {.age = a, .visitor = visitor, .from = from, .to = to};
	pthread_t helpers[WORKERS_MAX];
	size_t n, started = 0;
	enum err e;

	if (to > age_open_size(a))
		return ERR_TRUNCATED;
	t.first = from / SWEEP_RUN;
	t.bad = t.runs = sweep_runs(from, to);
	pthread_mutex_init(&t.lock, NULL);
	n = core_count() < t.runs ? core_count() : t.runs;
	/* Fewer threads than wanted do the same, more slowly. */
	while (started + 1 < n && pthread_create(&helpers[started], NULL, help, &t) == 0)
		started++;
	e = work_with_room(&t);
	while (started > 0)
		pthread_join(helpers[--started], NULL);
	pthread_mutex_destroy(&t.lock);
	if (e == ERR_OK && (e = t.e) != ERR_OK)
		errno = t.why;
	return e;
}
