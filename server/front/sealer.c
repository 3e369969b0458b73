#include "sealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/io.h"
#include "front/plain.h"
#include "front/sealer_threads.h"
#include "front/sealer_work.h"

/* ---- life */

enum err
sealer_new(unsigned workers, unsigned chunks, struct sealer **out)
{
	struct sealer *s;
	enum err e;

	if (workers == 0 || workers > SEALER_WORKERS_MAX || chunks == 0)
		return ERR_USAGE;
	if ((s = calloc(1, sizeof *s)) == NULL)
		return ERR_NOMEM;
	s->run_last = &s->run;
	s->over_last = &s->over;
	s->waiting_last = &s->waiting;
	s->in_hands_max = chunks;
	/* With default attributes these two can't fail. */
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	if ((s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		e = ERR_SYS;
	else
		e = sealer_threads_start(s, workers);
	if (e != ERR_OK)
		sealer_free(s);
	else
		*out = s;
	return e;
}

/* None of these chunks holds plaintext. */
static void
free_chunks(struct sealer_chunk **list)
{
	struct sealer_chunk *c;

	while ((c = *list) != NULL) {
		*list = c->next;
		plain_free(c, sizeof *c, 0);
	}
}

void
sealer_free(struct sealer *s)
{
	int saved = errno;

	if (s == NULL)
		return;
	sealer_threads_stop(s);
	free_chunks(&s->used);
	free_chunks(&s->idle);
	io_close(&s->event);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	free(s);
	errno = saved;
}

int
sealer_fd(const struct sealer *s)
{
	return s->event;
}

/* ---- buffers */

/* Keeps as many as can be in use at once, and none when nobody is there to use them. */
static void
keep_or_free(struct sealer *s, struct sealer_chunk *c)
{
	if (s->files == 0 || s->n_idle >= s->in_hands_max) {
		plain_free(c, sizeof *c, 0);
		return;
	}
	c->next = s->idle;
	s->idle = c;
	s->n_idle++;
}

static void
collect_used(struct sealer *s)
{
	struct sealer_chunk *c, *list;

	pthread_mutex_lock(&s->lock);
	list = s->used;
	s->used = NULL;
	s->n_used = 0;
	pthread_mutex_unlock(&s->lock);
	while ((c = list) != NULL) {
		list = c->next;
		s->in_hands--;
		keep_or_free(s, c);
	}
}

/* Asks the workers to tell when half of what they hold is done: waking up for each chunk would
 * cost more than it gains. */
static void
ask_for_news(struct sealer *s)
{
	unsigned low = s->in_hands_max / 2;

	pthread_mutex_lock(&s->lock);
	s->notify_at = s->in_hands > low ? s->in_hands - low : 1;
	if (s->n_used >= s->notify_at) {
		s->notify_at = 0;
		sealer_work_notify(s);
	}
	pthread_mutex_unlock(&s->lock);
}

static void
wait_for_buffer(struct sealer_file *f)
{
	struct sealer *s = f->s;

	if (f->is_waiting)
		return;
	f->is_waiting = true;
	f->next_waiting = NULL;
	*s->waiting_last = f;
	s->waiting_last = &f->next_waiting;
	ask_for_news(s);
}

enum err
sealer_buffer(struct sealer_file *f, uint8_t **out)
{
	struct sealer *s = f->s;
	struct sealer_chunk *c;

	if (s->in_hands >= s->in_hands_max)
		collect_used(s);
	if (s->in_hands >= s->in_hands_max) {
		wait_for_buffer(f);
		return ERR_AGAIN;
	}
	c = s->idle;
	if (c != NULL) {
		s->idle = c->next;
		s->n_idle--;
	} else if ((c = plain_new(sizeof *c)) == NULL) {
		return ERR_NOMEM;
	}
	*out = c->data;
	return ERR_OK;
}

/* data is the chunk's first member. */
static struct sealer_chunk *
chunk_of(uint8_t *buffer)
{
	return (struct sealer_chunk *)(void *)buffer;
}

void
sealer_drop(struct sealer *s, uint8_t *buffer, size_t used)
{
	if (buffer == NULL)
		return;
	explicit_bzero(buffer, used);
	keep_or_free(s, chunk_of(buffer));
}

void
sealer_submit(struct sealer_file *f, uint8_t *buffer, size_t n, bool is_last)
{
	struct sealer_chunk *c = chunk_of(buffer);
	struct sealer *s = f->s;

	c->next = NULL;
	c->n = n;
	c->is_last = is_last;
	s->in_hands++;
	pthread_mutex_lock(&s->lock);
	*f->last = c;
	f->last = &c->next;
	sealer_work_queue(f);
	pthread_mutex_unlock(&s->lock);
}

/* ---- files */

enum err
sealer_file_new(
    struct sealer *s, int fd, const struct sealer_events *events, struct sealer_file **out)
{
	struct sealer_file *f;

	if ((f = calloc(1, sizeof *f)) == NULL) {
		io_close(&fd);
		return ERR_NOMEM;
	}
	f->s = s;
	f->fd = fd;
	f->events = *events;
	f->last = &f->first;
	s->files++;
	*out = f;
	return ERR_OK;
}

enum err
sealer_file_start(
    struct sealer_file *f, const struct age_payload *key, const void *header, size_t n)
{
	if (n > sizeof f->header)
		return ERR_USAGE;
	f->key = *key;
	f->header_len = n;
	memcpy(f->header, header, n);
	return ERR_OK;
}

static void
forget_waiting(struct sealer_file *f)
{
	struct sealer_file **p = &f->s->waiting;

	while (*p != NULL && *p != f)
		p = &(*p)->next_waiting;
	if (*p == NULL)
		return;
	*p = f->next_waiting;
	if (*p == NULL)
		f->s->waiting_last = p;
	f->is_waiting = false;
}

/* Under the lock. */
static void
forget_over(struct sealer_file *f)
{
	struct sealer_file **p = &f->s->over;

	while (*p != NULL && *p != f)
		p = &(*p)->next_over;
	if (*p == NULL)
		return;
	*p = f->next_over;
	if (*p == NULL)
		f->s->over_last = p;
}

void
sealer_file_free(struct sealer_file *f)
{
	struct sealer *s;

	if (f == NULL)
		return;
	s = f->s;
	forget_waiting(f);
	pthread_mutex_lock(&s->lock);
	forget_over(f);
	f->is_let_go = true;
	sealer_work_queue(f);
	pthread_mutex_unlock(&s->lock);
	/* f may be gone from here on. */
	if (--s->files == 0) {
		free_chunks(&s->idle);
		s->n_idle = 0;
	}
}

/* ---- what the workers tell */

/* The next file that is over; NULL if there is none. */
static struct sealer_file *
take_over(struct sealer *s, enum err *result, uint64_t *written)
{
	struct sealer_file *f;

	pthread_mutex_lock(&s->lock);
	if ((f = s->over) != NULL) {
		forget_over(f);
		*result = f->result;
		*written = f->written;
	}
	pthread_mutex_unlock(&s->lock);
	return f;
}

static void
tell_finished(struct sealer *s)
{
	struct sealer_file *f;
	enum err result = ERR_OK;
	uint64_t written = 0;

	while ((f = take_over(s, &result, &written)) != NULL) {
		forget_waiting(f); /* this is the last call */
		f->events.finished(f->events.ctx, result, written);
	}
}

/* Those who wait now, in their order, once each: whoever has to wait again is behind them. */
static void
wake_waiting(struct sealer *s)
{
	struct sealer_file *f;
	size_t n = 0;

	for (f = s->waiting; f != NULL; f = f->next_waiting)
		n++;
	for (; n > 0 && s->in_hands < s->in_hands_max && (f = s->waiting) != NULL; n--) {
		forget_waiting(f);
		f->events.ready(f->events.ctx);
	}
	if (s->waiting != NULL)
		ask_for_news(s);
}

void
sealer_on_readable(struct sealer *s)
{
	eventfd_t ignored;

	if (eventfd_read(s->event, &ignored) != 0 && errno != EAGAIN)
		return;
	collect_used(s);
	tell_finished(s);
	wake_waiting(s);
}
