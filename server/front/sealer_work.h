#ifndef SEALSLOT_FRONT_SEALER_WORK_H
#define SEALSLOT_FRONT_SEALER_WORK_H

#include <pthread.h>

#include "front/sealer.h"

/*
 * The inside of the sealer, shared by its two sides: sealer.c and
 * sealer_threads.c run on the event thread, sealer_work.c on the workers. Who
 * may touch what:
 *
 * - the worker that took a file from the run queue owns its descriptor, key,
 *   counters and header until it puts the file back; one worker at a time, so
 *   that chunks are written in order;
 * - the queues, and the fields marked so, belong to the lock, which is held for
 *   a few instructions only, never during a system call that can wait;
 * - the rest belongs to the event thread.
 *
 * A chunk goes round: the owner's hands, its file's queue, a worker, `used`, and
 * back to the event thread, which alone counts and keeps buffers.
 */
#define SEALER_WORKERS_MAX 64

struct sealer_chunk {
	uint8_t data[AGE_SEALED_CHUNK];
	/* Behind what the owner fills, so that this page is touched only after submission. */
	struct sealer_chunk *next;
	size_t n;
	bool is_last;
};

struct sealer_file {
	struct sealer *s;
	/* event thread */
	struct sealer_events events;
	bool is_waiting; /* for a buffer */
	struct sealer_file *next_waiting;
	/* the worker that owns it */
	int fd;
	struct age_payload key;
	uint64_t counter;
	uint64_t written;
	uint64_t started; /* of these bytes, on their way to the medium */
	size_t header_len;
	uint8_t header[SEALER_HEADER_MAX];
	/* under the lock */
	struct sealer_chunk *first, **last;
	bool is_owned;  /* in the run queue, or with a worker */
	bool is_let_go; /* the event thread knows it no more: the worker frees it */
	bool is_over;   /* everything written, or failed: more chunks are only wiped */
	enum err result;
	struct sealer_file *next_run;
	struct sealer_file *next_over;
};

struct sealer {
	pthread_mutex_t lock;
	pthread_cond_t work;
	int event;
	/* under the lock */
	struct sealer_file *run, **run_last;   /* files with something to do for a worker */
	struct sealer_file *over, **over_last; /* files whose end is still to be told */
	struct sealer_chunk *used;             /* chunks that workers are done with */
	unsigned n_used;
	unsigned notify_at; /* so many used chunks are worth waking the event thread; 0: none is */
	bool is_stopping;
	/* event thread */
	struct sealer_chunk *idle; /* nothing secret in them */
	unsigned n_idle;
	unsigned in_hands, in_hands_max; /* chunks from submission until they are seen in `used` */
	unsigned files;
	struct sealer_file *waiting, **waiting_last;
	unsigned workers;
	pthread_t thread[SEALER_WORKERS_MAX];
};

/* A worker's life; arg is the struct sealer. */
void *sealer_work(void *arg);
/* Under the lock: gives the file to some worker unless one has it. */
void sealer_work_queue(struct sealer_file *f);
/* Makes the event descriptor readable. */
void sealer_work_notify(struct sealer *s);

#endif
