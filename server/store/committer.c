#include "store/committer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

#define STACK_BYTES (256 * 1024)
#define BATCH_MAX   256 /* rows of one transaction */

/* A queue of jobs, first in, first out. */
struct jobs {
	struct commit_job *first, **end;
};

struct committer {
	int items;
	struct db *db;
	pthread_mutex_t *db_lock;
	int event;
	pthread_t threads[COMMITTER_THREADS];
	size_t n_threads;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct jobs waiting; /* for a thread to settle them */
	struct jobs settled; /* for their names and rows */
	struct jobs done;    /* for the caller */
	bool is_naming;      /* some thread is linking and adding rows */
	int32_t day;         /* the newest of any job */
	size_t of_day;       /* jobs of that day under way */
	size_t older;        /* and of others */
	bool is_ending;
};

static void
jobs_init(struct jobs *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void
jobs_put(struct jobs *q, struct commit_job *job)
{
	job->next = NULL;
	*q->end = job;
	q->end = &job->next;
}

static struct commit_job *
jobs_take(struct jobs *q)
{
	struct commit_job *job = q->first;

	if (job != NULL && (q->first = job->next) == NULL)
		q->end = &q->first;
	return job;
}

/* Jobs on their way to names and rows, side by side. */
struct batch {
	struct commit_job *jobs[BATCH_MAX];
	struct db_item rows[BATCH_MAX];
	size_t n;
};

static enum err
add_rows(struct committer *c, const struct db_item *rows, size_t n)
{
	enum err e;

	pthread_mutex_lock(c->db_lock);
	e = db_add(c->db, rows, n);
	pthread_mutex_unlock(c->db_lock);
	return e;
}

/* All rows at once; if that fails, one by one, so that nobody fails because of somebody else. */
static void
add_batch(struct committer *c, struct batch *b)
{
	size_t i;

	if (b->n == 0 || add_rows(c, b->rows, b->n) == ERR_OK)
		return;
	for (i = 0; i < b->n; i++)
		b->jobs[i]->result = add_rows(c, &b->rows[i], 1);
}

/* Takes back the names of what failed. If even that fails, a complete file without a row stays,
 * and gets one when the store starts next. */
static void
clean_up(struct committer *c, const struct batch *b)
{
	bool is_clean = true;
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->jobs[i]->result != ERR_OK) {
			(void)!upload_unlink(c->items, b->jobs[i]->id);
			is_clean = false;
		}
	if (!is_clean)
		(void)!io_sync(c->items);
}

static void
name_batch(struct committer *c, struct commit_job *const *jobs, size_t n)
{
	struct batch linked = {.n = 0};
	enum err e;
	size_t i;

	for (i = 0; i < n; i++) {
		jobs[i]->result = upload_link(jobs[i]->fd, c->items, jobs[i]->id);
		if (jobs[i]->result != ERR_OK)
			continue;
		linked.rows[linked.n] = jobs[i]->row;
		linked.jobs[linked.n++] = jobs[i];
	}
	if ((e = io_sync(c->items)) == ERR_OK)
		add_batch(c, &linked);
	for (i = 0; i < linked.n && e != ERR_OK; i++)
		linked.jobs[i]->result = e;
	clean_up(c, &linked);
}

/* The caller holds the lock, also below. */
static void
count(struct committer *c, const struct commit_job *job)
{
	if (job->row.day > c->day) {
		c->older += c->of_day;
		c->of_day = 0;
		c->day = job->row.day;
	}
	if (job->row.day == c->day)
		c->of_day++;
	else
		c->older++;
}

static void
uncount(struct committer *c, const struct commit_job *job)
{
	if (job->row.day == c->day)
		c->of_day--;
	else
		c->older--;
}

static void
finish(struct committer *c, struct commit_job *job)
{
	static const uint64_t one = 1;

	io_close(&job->fd);
	uncount(c, job);
	jobs_put(&c->done, job);
	/* Can only fail when the counter is full, and then the descriptor is readable anyway. */
	(void)!write(c->event, &one, sizeof one);
}

/* Names all settled files, a batch at a time. The caller holds the lock, and gets it back. */
static void
name_settled(struct committer *c)
{
	struct commit_job *jobs[BATCH_MAX];
	size_t i, n;

	c->is_naming = true;
	while (c->settled.first != NULL) {
		for (n = 0; n < BATCH_MAX && (jobs[n] = jobs_take(&c->settled)) != NULL; n++)
			;
		pthread_mutex_unlock(&c->lock);
		name_batch(c, jobs, n);
		pthread_mutex_lock(&c->lock);
		for (i = 0; i < n; i++)
			finish(c, jobs[i]);
	}
	c->is_naming = false;
}

static void *
work(void *arg)
{
	struct committer *c = arg;
	struct commit_job *job;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		if ((job = jobs_take(&c->waiting)) == NULL) {
			if (c->is_ending)
				break;
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		pthread_mutex_unlock(&c->lock);
		job->result = upload_settle(job->fd, &job->claim);
		job->is_breach = job->result == ERR_BUSY || job->result == ERR_PROFILE;
		pthread_mutex_lock(&c->lock);
		if (job->result != ERR_OK)
			finish(c, job);
		else
			jobs_put(&c->settled, job);
		if (!c->is_naming)
			name_settled(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static enum err
start_threads(struct committer *c)
{
	pthread_attr_t attr;
	int code;

	if ((code = pthread_attr_init(&attr)) != 0) {
		errno = code;
		return ERR_SYS;
	}
	code = pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (code == 0 && c->n_threads < COMMITTER_THREADS)
		if ((code = pthread_create(&c->threads[c->n_threads], &attr, work, c)) == 0)
			c->n_threads++;
	pthread_attr_destroy(&attr);
	errno = code;
	return code == 0 ? ERR_OK : ERR_SYS;
}

enum err
committer_new(int items, struct db *db, pthread_mutex_t *db_lock, struct committer **out)
{
	struct committer *c;
	enum err e = ERR_OK;

	if ((c = calloc(1, sizeof *c)) == NULL)
		return ERR_NOMEM;
	c->items = items;
	c->db = db;
	c->db_lock = db_lock;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	jobs_init(&c->waiting);
	jobs_init(&c->settled);
	jobs_init(&c->done);
	if ((c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		e = ERR_SYS;
	else
		e = start_threads(c);
	if (e == ERR_OK)
		*out = c;
	else
		committer_free(c);
	return e;
}

void
committer_free(struct committer *c)
{
	struct commit_job *job;
	size_t i;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->is_ending = true;
	pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < c->n_threads; i++)
		pthread_join(c->threads[i], NULL);
	while ((job = jobs_take(&c->done)) != NULL)
		free(job);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	io_close(&c->event);
	free(c);
}

void
committer_submit(struct committer *c, struct commit_job *job)
{
	pthread_mutex_lock(&c->lock);
	count(c, job);
	jobs_put(&c->waiting, job);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

bool
committer_has_older(struct committer *c, int32_t day)
{
	bool has;

	pthread_mutex_lock(&c->lock);
	has = c->older > 0 || (c->of_day > 0 && c->day < day);
	pthread_mutex_unlock(&c->lock);
	return has;
}

int
committer_fd(const struct committer *c)
{
	return c->event;
}

struct commit_job *
committer_take(struct committer *c)
{
	struct commit_job *job;
	uint64_t count;

	pthread_mutex_lock(&c->lock);
	if ((job = jobs_take(&c->done)) == NULL)
		(void)!read(c->event, &count, sizeof count);
	pthread_mutex_unlock(&c->lock);
	return job;
}
