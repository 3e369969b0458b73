#include "sealer_work.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

#define WRITE_BACK (8 * LIMIT_MIB) /* keeps the last fdatasync short */

void
sealer_work_notify(struct sealer *s)
{
	/* Fails only when the counter is full, and then the descriptor is readable anyway. */
	if (eventfd_write(s->event, 1) != 0)
		return;
}

/* Under the lock: behind the files that wait already. */
static void
enqueue(struct sealer_file *f)
{
	struct sealer *s = f->s;

	f->is_owned = true;
	f->next_run = NULL;
	*s->run_last = f;
	s->run_last = &f->next_run;
}

void
sealer_work_queue(struct sealer_file *f)
{
	if (f->is_owned)
		return;
	enqueue(f);
	pthread_cond_signal(&f->s->work);
}

/* ---- without the lock */

/* Starts the write-back now and then; that it can't is no error. */
static void
write_back(struct sealer_file *f)
{
	if (f->written - f->started < WRITE_BACK)
		return;
	(void)sync_file_range(
	    f->fd, (off_t)f->started, (off_t)(f->written - f->started), SYNC_FILE_RANGE_WRITE);
	f->started = f->written;
}

static enum err
append(struct sealer_file *f, const void *p, size_t n)
{
	enum err e;

	if ((e = io_write_all(f->fd, p, n)) == ERR_OK)
		f->written += n;
	return e;
}

/* What a medium couldn't keep may show only here. */
static enum err
close_checked(int *fd)
{
	int r = close(*fd);

	*fd = -1;
	return r == -1 ? io_errno() : ERR_OK;
}

static enum err
seal_and_write(struct sealer_file *f, struct sealer_chunk *c)
{
	enum err e;

	age_chunk_seal(&f->key, f->counter++, c->is_last, c->data, c->data, c->n);
	if ((e = append(f, f->header, f->header_len)) == ERR_OK)
		e = append(f, c->data, c->n + AGE_TAG);
	f->header_len = 0;
	if (e != ERR_OK) {
		io_close(&f->fd);
		return e;
	}
	write_back(f);
	return c->is_last ? close_checked(&f->fd) : ERR_OK;
}

static void
wipe_chunks(struct sealer_chunk *c)
{
	for (; c != NULL; c = c->next)
		explicit_bzero(c->data, c->n);
}

/* The file's descriptor may be the last one of a large unnamed file: that takes its time. */
static void
destroy(struct sealer_file *f)
{
	io_close(&f->fd);
	age_payload_wipe(&f->key);
	explicit_bzero(f, sizeof *f);
	free(f);
}

/* ---- under the lock */

static struct sealer_file *
take_file(struct sealer *s)
{
	struct sealer_file *f = s->run;

	s->run = f->next_run;
	if (s->run == NULL)
		s->run_last = &s->run;
	return f;
}

/* The next chunk; or all of them when they aren't wanted any more. */
static struct sealer_chunk *
take_chunks(struct sealer_file *f)
{
	struct sealer_chunk *c = f->first;

	if (c == NULL)
		return NULL;
	if (f->is_let_go || f->is_over) {
		f->first = NULL;
	} else {
		f->first = c->next;
		c->next = NULL;
	}
	if (f->first == NULL)
		f->last = &f->first;
	return c;
}

static void
give_back(struct sealer *s, struct sealer_chunk *c)
{
	struct sealer_chunk *next;

	for (; c != NULL; c = next) {
		next = c->next;
		c->next = s->used;
		s->used = c;
		s->n_used++;
	}
	if (s->notify_at == 0 || s->n_used < s->notify_at)
		return;
	s->notify_at = 0;
	sealer_work_notify(s);
}

static void
end_file(struct sealer_file *f, enum err e)
{
	struct sealer *s = f->s;

	f->result = e;
	f->is_over = true;
	f->next_over = NULL;
	*s->over_last = f;
	s->over_last = &f->next_over;
	sealer_work_notify(s);
}

/* The worker is done with c, which it sealed (then e is the result) or wiped. */
static void
settle(struct sealer_file *f, struct sealer_chunk *c, bool was_sealed, enum err e)
{
	if (was_sealed && !f->is_let_go && (e != ERR_OK || c->is_last))
		end_file(f, e);
	give_back(f->s, c);
	f->is_owned = false;
	/* Nobody is woken: this worker looks at the queue next. */
	if (f->first != NULL || f->is_let_go)
		enqueue(f);
}

/* Does one thing for a file. Called and left with the lock held. */
static void
serve(struct sealer *s, struct sealer_file *f)
{
	struct sealer_chunk *c = take_chunks(f);
	bool is_wanted = !f->is_let_go && !f->is_over;
	bool is_free = f->is_let_go && c == NULL;
	enum err e = ERR_OK;

	pthread_mutex_unlock(&s->lock);
	if (is_free) {
		destroy(f);
		sealer_work_notify(s); /* its chunks may be the last ones: they can be freed */
	} else if (is_wanted) {
		e = seal_and_write(f, c);
	} else {
		wipe_chunks(c);
	}
	pthread_mutex_lock(&s->lock);
	if (!is_free)
		settle(f, c, is_wanted, e);
}

void *
sealer_work(void *arg)
{
	struct sealer *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->run == NULL && !s->is_stopping)
			pthread_cond_wait(&s->work, &s->lock);
		if (s->run == NULL)
			break;
		serve(s, take_file(s));
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
