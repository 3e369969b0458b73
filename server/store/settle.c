#include "store/settle.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/io.h"
#include "base/text.h"
#include "store/db_care.h"
#include "store/quota.h"
#include "store/settle_copy.h"
#include "store/settle_names.h"
#include "wire/item_file.h"

#define STACK_BYTES (256 * 1024)
#define START_SEC   60       /* after midnight; the loop also waits for commits of the day before */
#define RETRY_MS    (600000) /* after a settle that couldn't be done */
#define SLACK       LIMIT_MIB /* beside the largest item: the index, the folder */

struct settle {
	struct depot *depot;
	int event;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* guards state and why */
	pthread_cond_t wake;
	enum settle_state state;
	enum settle_wait why; /* the last one wasn't done */
	uint64_t need;        /* bytes of room that the last one lacked */
	struct settle_copy copy;
	atomic_bool is_ending;
	/* of the thread, while one is under way */
	int32_t from, before;
	struct buf items;  /* struct db_item each */
	struct buf hashes; /* struct db_hash each */
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

/* ---- the thread's work */

static enum err
list_item(void *ctx, const struct db_item *item)
{
	return buf_add(ctx, item, sizeof *item);
}

static struct db_item *
items_of(struct settle *s, size_t *n)
{
	*n = s->items.len / sizeof(struct db_item);
	return (struct db_item *)(void *)s->items.p;
}

static enum err
list(struct settle *s)
{
	struct db_item *items;
	size_t n;
	enum err e;

	buf_wipe(&s->items);
	buf_wipe(&s->hashes);
	pthread_mutex_lock(&s->depot->db_lock);
	e = db_each_of_days(s->depot->db, s->from, s->before, list_item, &s->items);
	pthread_mutex_unlock(&s->depot->db_lock);
	items = items_of(s, &n);
	if (e == ERR_OK)
		settle_names_shuffle(items, n);
	return e;
}

/* Is there room for the largest copy? */
static enum err
check_room(struct settle *s)
{
	const struct db_item *items;
	uint64_t largest = 0, have = 0;
	size_t i, n;
	enum err e;

	items = items_of(s, &n);
	for (i = 0; i < n; i++)
		if (items[i].size > largest)
			largest = items[i].size;
	if ((e = quota_free(s->depot->folder.items, &have)) != ERR_OK)
		return e;
	s->need = largest + SLACK + atomic_load(&s->copy.promised);
	return have < s->need ? ERR_NOSPACE : ERR_OK;
}

static enum err
copy_all(struct settle *s)
{
	const struct db_item *items;
	struct db_hash h;
	size_t i, n;
	enum err e;

	if ((e = check_room(s)) != ERR_OK)
		return e;
	items = items_of(s, &n);
	for (i = 0; i < n && e == ERR_OK; i++) {
		e = settle_copy(&s->copy, &items[i], h.hash);
		memcpy(h.id, items[i].id, DB_ID);
		if (e == ERR_OK)
			e = buf_add(&s->hashes, &h, sizeof h);
		else if (e == ERR_NOTFOUND || e == ERR_PROFILE)
			e = ERR_OK; /* deleted meanwhile, or damaged: sealslotd check tells */
	}
	return e == ERR_OK ? io_sync(s->depot->folder.items) : e;
}

/* Nothing is deleted while the settle has the index, so no name can come back that was. */
static enum err
end(struct settle *s)
{
	struct db *db = s->depot->db;
	struct db_item *items;
	size_t n;
	enum err e;

	items = items_of(s, &n);
	if ((e = settle_names_mix(s->depot->folder.items, items, n)) != ERR_OK)
		return e;
	pthread_mutex_lock(&s->depot->db_lock);
	if ((e = db_put_hashes(db, (const struct db_hash *)(const void *)s->hashes.p,
		 s->hashes.len / sizeof(struct db_hash))) == ERR_OK &&
	    (e = db_vacuum(db)) == ERR_OK)
		e = db_set_mark(db, DB_MARK_SETTLED, s->before);
	pthread_mutex_unlock(&s->depot->db_lock);
	return e;
}

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
	buf_wipe(&s->items);
	buf_wipe(&s->hashes);
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
		if ((e = list(s)) == ERR_OK) {
			enter(s, SETTLE_COPYING);
			e = copy_all(s);
		}
		if (e == ERR_OK) {
			enter(s, SETTLE_WAITING);
			if (!wait_for(s, SETTLE_ENDING))
				break;
			e = end(s);
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
	s->depot = depot;
	s->copy = (struct settle_copy){.items = depot->folder.items, .is_ending = &s->is_ending};
	buf_init(&s->items, SIZE_MAX);
	buf_init(&s->hashes, SIZE_MAX);
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
	buf_wipe(&s->items);
	buf_wipe(&s->hashes);
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
	pthread_mutex_lock(&s->depot->db_lock);
	if ((e = db_mark(s->depot->db, DB_MARK_SETTLED, &s->mark)) == ERR_NOTFOUND) {
		s->mark = 0;
		e = ERR_OK;
	}
	pthread_mutex_unlock(&s->depot->db_lock);
	s->is_mark_known = e == ERR_OK;
}

void
settle_tick(struct settle *s, uint64_t promised)
{
	int32_t today = clock_today();

	if (s == NULL)
		return;
	atomic_store(&s->copy.promised, promised);
	if (state(s) != SETTLE_IDLE || clock_mono_ms() < s->next_try)
		return;
	read_mark(s);
	/* A clock that was set back by a day: what comes now is settled tomorrow. */
	if (s->is_mark_known && s->mark > today)
		s->mark = today;
	if (!s->is_mark_known || s->mark >= today || clock_now() % DATE_DAY_SEC < START_SEC ||
	    depot_judge_clock(s->depot) != ERR_OK)
		return;
	s->from = s->mark;
	s->before = today;
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
	return s == NULL ? 0 : atomic_load(&s->copy.left);
}

void
settle_tell(const struct settle *s, struct op_status *out)
{
	if (s == NULL)
		return;
	out->settled = s->is_mark_known ? s->mark : 0;
	out->settle_wait = (uint8_t)s->why;
	out->settle_need = s->why == SETTLE_WAITS_FOR_ROOM ? s->need : 0;
}

/* ---- at start */

static enum err
sweep_name(int items, const char *name)
{
	char id[RANDOM_ID_LEN + 1];

	if (item_file_is_name(name, ITEM_FILE_MOVING)) {
		memcpy(id, name, RANDOM_ID_LEN);
		id[RANDOM_ID_LEN] = '\0';
		return settle_names_back(items, id);
	}
	if (item_file_is_name(name, SETTLE_COPY_EXT) && unlinkat(items, name, 0) == -1 &&
	    errno != ENOENT)
		return io_errno();
	return ERR_OK;
}

enum err
settle_sweep(int items)
{
	struct dirent *d;
	enum err e;
	DIR *dir = NULL;

	if ((e = io_open_list(items, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		e = sweep_name(items, d->d_name);
	closedir(dir);
	return e;
}
