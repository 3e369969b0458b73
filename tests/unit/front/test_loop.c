#include "harness.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "front/loop.h"

/* What happened, in order. */
struct diary {
	struct loop *loop;
	char text[64];
	int turns_left;
	int64_t sleep;
};

static void
note(struct diary *d, char c)
{
	size_t n = strlen(d->text);

	if (n + 1 < sizeof d->text)
		d->text[n] = c;
}

/* Each turn, then stops after some. */
static int64_t
turn(void *ctx)
{
	struct diary *d = ctx;

	if (d->turns_left-- == 0)
		loop_stop(d->loop);
	return d->sleep;
}

struct entry {
	struct diary *diary;
	struct loop_source source;
	struct loop_timer timer;
	struct loop_queue *queue;
	struct entry *victim; /* whom it removes */
	int fd;
	char name;
};

static void
ready(void *ctx, uint32_t events)
{
	struct entry *e = ctx;

	assert_true((events & EPOLLIN) != 0);
	note(e->diary, e->name);
	if (e->victim != NULL)
		loop_remove(e->diary->loop, &e->victim->source);
}

static void
due(void *owner)
{
	struct entry *e = owner;

	note(e->diary, e->name);
	assert_null(e->timer.queue);
	if (e->victim != NULL)
		loop_timer_stop(&e->victim->timer);
	if (e->queue != NULL)
		loop_timer_start(e->queue, &e->timer, e);
}

static void
entry_open(struct entry *e, struct diary *d, char name)
{
	*e = (struct entry){.diary = d, .name = name, .source = {ready, e, -1}};
	assert_int_not_equal(e->fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), -1);
}

static void
test_delivers(void **state)
{
	struct diary d = {.turns_left = 3};
	struct entry e;

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	entry_open(&e, &d, 'a');
	assert_ok(loop_add(d.loop, &e.source, e.fd, EPOLLIN));
	assert_ok(loop_run(d.loop));
	assert_string_equal(d.text, "aaa");
	loop_remove(d.loop, &e.source);
	loop_remove(d.loop, &e.source);
	assert_int_equal(e.source.fd, -1);
	assert_err(loop_add(d.loop, &e.source, -1, EPOLLIN), ERR_SYS);
	close(e.fd);
	loop_free(d.loop);
	loop_free(NULL);
}

static void
test_changes_events(void **state)
{
	struct diary d = {.turns_left = 2};
	struct entry e;

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	entry_open(&e, &d, 'a');
	assert_ok(loop_add(d.loop, &e.source, e.fd, EPOLLIN));
	assert_ok(loop_change(d.loop, &e.source, EPOLLPRI));
	assert_ok(loop_run(d.loop));
	assert_string_equal(d.text, "");
	loop_remove(d.loop, &e.source);
	assert_err(loop_change(d.loop, &e.source, EPOLLIN), ERR_SYS);
	close(e.fd);
	loop_free(d.loop);
}

/* One of two that are ready removes the other: nothing of it is delivered any more. */
static void
test_removal_in_a_batch(void **state)
{
	struct diary d = {.turns_left = 1};
	struct entry a, b;

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	entry_open(&a, &d, 'a');
	entry_open(&b, &d, 'b');
	a.victim = &b;
	b.victim = &a;
	assert_ok(loop_add(d.loop, &a.source, a.fd, EPOLLIN));
	assert_ok(loop_add(d.loop, &b.source, b.fd, EPOLLIN));
	assert_ok(loop_run(d.loop));
	assert_int_equal(strlen(d.text), 1);
	loop_remove(d.loop, &a.source);
	loop_remove(d.loop, &b.source);
	close(a.fd);
	close(b.fd);
	loop_free(d.loop);
}

static void
test_deadlines(void **state)
{
	struct diary d = {.turns_left = 2, .sleep = -1};
	struct loop_queue soon, later;
	struct entry a = {.diary = &d, .name = 'a'}, b = {.diary = &d, .name = 'b'},
		     c = {.diary = &d, .name = 'c'}, never = {.diary = &d, .name = 'x'};
	int64_t start = clock_mono_ms(), took;

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	loop_queue_add(d.loop, &soon, 20, due);
	loop_queue_add(d.loop, &later, 60, due);
	loop_timer_start(&later, &c.timer, &c);
	loop_timer_start(&soon, &a.timer, &a);
	loop_timer_start(&soon, &never.timer, &never);
	loop_timer_start(&soon, &b.timer, &b);
	loop_timer_stop(&never.timer);
	loop_timer_stop(&never.timer);
	assert_ok(loop_run(d.loop));
	took = clock_mono_ms() - start;
	assert_string_equal(d.text, "abc");
	assert_true(took >= 60);
	assert_null(soon.first);
	assert_null(later.last);
	loop_free(d.loop);
}

/* Started again it waits its whole time, behind those that were started meanwhile. */
static void
test_restart(void **state)
{
	struct diary d = {.turns_left = 1, .sleep = -1};
	struct loop_queue q;
	struct entry a = {.diary = &d, .name = 'a'}, b = {.diary = &d, .name = 'b'};

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	loop_queue_add(d.loop, &q, 10, due);
	loop_timer_start(&q, &a.timer, &a);
	loop_timer_start(&q, &b.timer, &b);
	loop_timer_start(&q, &a.timer, &a);
	assert_ptr_equal(q.first, &b.timer);
	assert_ptr_equal(q.last, &a.timer);
	assert_ok(loop_run(d.loop));
	assert_string_equal(d.text, "ba");
	loop_free(d.loop);
}

/* A timer may stop another one that is due, and start itself again. */
static void
test_timers_touch_timers(void **state)
{
	struct diary d = {.turns_left = 2, .sleep = -1};
	struct loop_queue q;
	struct entry a = {.diary = &d, .name = 'a'}, b = {.diary = &d, .name = 'b'};

	(void)state;
	assert_ok(loop_new(turn, &d, &d.loop));
	loop_queue_add(d.loop, &q, 5, due);
	a.victim = &b;
	a.queue = &q;
	loop_timer_start(&q, &a.timer, &a);
	loop_timer_start(&q, &b.timer, &b);
	assert_ok(loop_run(d.loop));
	assert_string_equal(d.text, "aa");
	loop_timer_stop(&a.timer);
	assert_null(q.first);
	loop_free(d.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_delivers),
	    cmocka_unit_test(test_changes_events),
	    cmocka_unit_test(test_removal_in_a_batch),
	    cmocka_unit_test(test_deadlines),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_timers_touch_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
