#include "store/settle.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/io.h"
#include "store/db_care.h"
#include "store/settle_day.h"

#define STACK_BYTES (256 * 1024)
#define START_SEC   60       /* after midnight; the loop also waits for commits of the day before */
#define RETRY_MS    (600000) /* after a settle that couldn't be done */

struct settle {
	int event;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* guards state and why */
	pthread_cond_t wake;
	enum settle_state state;
	enum settle_wait why; /* the last one wasn't done */
	atomic_bool is_ending;
	struct settle_day
	    day; /* of the thread, while one is under way, but for its copy's atomics */
	/* of the loop */
	bool is_mark_known;
	int32_t mark;
	int64_t next_try;
};

static void
say(struct settle *s)
{
	static const uint64_t one = 1;

	/* Can only fail when the counter is full, and then the descriptor is readable anyway. */
	(void)!write(s->event, &one, sizeof one);
}

static enum settle_state
state(const struct settle *s)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&s->lock;
	enum settle_state now;

	pthread_mutex_lock(lock);
	now = s->state;
	pthread_mutex_unlock(lock);
	return now;
}

static void
enter(struct settle *s, enum settle_state next)
{
	pthread_mutex_lock(&s->lock);
	s->state = next;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	say(s);
}

/* ---- the thread */

/* Until somebody says go; false: the end. */
static bool
wait_for(struct settle *s, enum settle_state wanted)
{
	pthread_mutex_lock(&s->lock);
	while (s->state != wanted && !s->is_ending)
		pthread_cond_wait(&s->wake, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return !s->is_ending;
}

static void
conclude(struct settle *s, enum err e)
{
	settle_day_wipe(&s->day);
	pthread_mutex_lock(&s->lock);
	s->why = e == ERR_OK        ? SETTLE_WAITS_NOT
		 : e == ERR_NOSPACE ? SETTLE_WAITS_FOR_ROOM
				    : SETTLE_WAITS_FOR_REPAIR;
	pthread_mutex_unlock(&s->lock);
	enter(s, SETTLE_IDLE);
}

static void *
work(void *arg)
{
	struct settle *s = arg;
	enum err e;

	while (wait_for(s, SETTLE_LISTING)) {
		if ((e = settle_day_list(&s->day)) == ERR_OK) {
			enter(s, SETTLE_COPYING);
			e = settle_day_copy(&s->day);
		}
		if (e == ERR_OK) {
			enter(s, SETTLE_WAITING);
			if (!wait_for(s, SETTLE_ENDING))
				break;
			e = settle_day_end(&s->day);
		}
		conclude(s, e);
	}
	return NULL;
}

/* ---- the loop's side */

enum err
settle_new(struct depot *depot, struct settle **out)
{
	struct settle *s;
	pthread_attr_t attr;
	int code;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return ERR_NOMEM;
	settle_day_init(&s->day, depot, &s->is_ending);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	if ((s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		settle_free(s);
		return ERR_SYS;
	}
	code = pthread_attr_init(&attr);
	if (code == 0 && (code = pthread_attr_setstacksize(&attr, STACK_BYTES)) == 0)
		code = pthread_create(&s->thread, &attr, work, s);
	pthread_attr_destroy(&attr);
	s->has_thread = code == 0;
	if (code != 0) {
		settle_free(s);
		errno = code;
		return ERR_SYS;
	}
	*out = s;
	return ERR_OK;
}

void
settle_free(struct settle *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	settle_day_wipe(&s->day);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	io_close(&s->event);
	free(s);
}

int
settle_fd(const struct settle *s)
{
	return s == NULL ? -1 : s->event;
}

void
settle_on_event(struct settle *s)
{
	uint64_t count;

	(void)!read(s->event, &count, sizeof count);
	switch (state(s)) {
	case SETTLE_WAITING: enter(s, SETTLE_ENDING); break;
	case SETTLE_IDLE:
		s->is_mark_known = false;
		s->next_try = s->why == SETTLE_WAITS_NOT ? 0 : clock_mono_ms() + RETRY_MS;
		break;
	case SETTLE_LISTING:
	case SETTLE_COPYING:
	case SETTLE_ENDING: break;
	}
}

/* The first day that isn't settled, from the index. */
static void
read_mark(struct settle *s)
{
	enum err e;

	if (s->is_mark_known)
		return;
	pthread_mutex_lock(&s->day.depot->db_lock);
	if ((e = db_mark(s->day.depot->db, DB_MARK_SETTLED, &s->mark)) == ERR_NOTFOUND) {
		s->mark = 0;
		e = ERR_OK;
	}
	pthread_mutex_unlock(&s->day.depot->db_lock);
	s->is_mark_known = e == ERR_OK;
}

void
settle_tick(struct settle *s, uint64_t promised)
{
	int32_t today = clock_today();

	if (s == NULL)
		return;
	atomic_store(&s->day.copy.promised, promised);
	if (state(s) != SETTLE_IDLE || clock_mono_ms() < s->next_try)
		return;
	read_mark(s);
	/* A clock that was set back by a day: what comes now is settled tomorrow. */
	if (s->is_mark_known && s->mark > today)
		s->mark = today;
	if (!s->is_mark_known || s->mark >= today || clock_now() % DATE_DAY_SEC < START_SEC ||
	    depot_judge_clock(s->day.depot) != ERR_OK)
		return;
	s->day.from = s->mark;
	s->day.before = today;
	enter(s, SETTLE_LISTING);
}

bool
settle_has_index(const struct settle *s)
{
	enum settle_state now;

	if (s == NULL)
		return false;
	now = state(s);
	return now == SETTLE_LISTING || now == SETTLE_ENDING;
}

bool
settle_is_idle(const struct settle *s)
{
	return s == NULL || state(s) == SETTLE_IDLE;
}

uint64_t
settle_claim(const struct settle *s)
{
	return s == NULL ? 0 : atomic_load(&s->day.copy.left);
}

void
settle_tell(const struct settle *s, struct op_status *out)
{
	if (s == NULL)
		return;
	out->settled = s->is_mark_known ? s->mark : 0;
	out->settle_wait = (uint8_t)s->why;
	out->settle_need = s->why == SETTLE_WAITS_FOR_ROOM ? s->day.need : 0;
}
