#include "harness.h"

#include "base/limits.h"
#include "mailbox/views.h"
#include "wire/wire.h"

#define START 1000

/* Who was told that no replies come. */
struct told {
	unsigned n;
	uint32_t last;
};

static void
tell(void *ctx, uint32_t ref)
{
	struct told *t = ctx;

	t->n++;
	t->last = ref;
}

static void
open_view(struct views *v, uint32_t ref)
{
	static const struct codename_keys keys;

	assert_ok(views_open(v, ref, &keys, START));
	assert_true(views_waits(v, ref));
}

/* What a store that has no reply sends. */
static void
fill(struct views *v, uint32_t ref)
{
	int fd = -1;

	assert_ok(wire_memfd("", 0, &fd));
	assert_ok(views_fill(v, ref, fd));
	assert_false(views_waits(v, ref));
	assert_err(views_fill(v, ref, fd), ERR_NOTFOUND);
	io_close(&fd);
}

/* 7 and 8 are open, and the store has answered for one of them. */
static struct views *
two_views(uint32_t filled)
{
	struct views *v = NULL;

	assert_ok(views_new(&v));
	open_view(v, 7);
	open_view(v, 8);
	fill(v, filled);
	return v;
}

static void
who_waits_in_vain_is_told(void **state)
{
	struct told told = {0};
	struct views *v = two_views(8);

	(void)state;
	views_sweep(v, START + LIMIT_VIEW_MS, tell, &told);
	assert_int_equal(told.n, 0);
	assert_int_equal(views_count(v), 2);
	/* Who reads them has been answered, and asks again if ever. */
	views_sweep(v, START + LIMIT_VIEW_MS + 1, tell, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last, 7);
	assert_int_equal(views_count(v), 0);
	views_sweep(v, START + LIMIT_VIEW_MS + 1, tell, &told);
	assert_int_equal(told.n, 1);
	views_free(v);
}

static void
a_lost_store_is_told_to_who_waits_for_it(void **state)
{
	struct told told = {0};
	struct views *v = two_views(7);

	(void)state;
	views_lose_store(v, tell, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last, 8);
	assert_int_equal(views_count(v), 1);
	views_free(v);
}

static void
places_are_few(void **state)
{
	static const struct codename_keys keys;
	struct views *v = NULL;
	uint32_t ref;

	(void)state;
	assert_ok(views_new(&v));
	for (ref = 0; ref < LIMIT_VIEWS; ref++)
		open_view(v, ref);
	assert_err(views_open(v, 3, &keys, START), ERR_EXISTS);
	assert_err(views_open(v, LIMIT_VIEWS, &keys, START), ERR_BUSY);
	views_drop(v, 3);
	assert_false(views_waits(v, 3));
	open_view(v, LIMIT_VIEWS);
	views_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_waits_in_vain_is_told),
	    cmocka_unit_test(a_lost_store_is_told_to_who_waits_for_it),
	    cmocka_unit_test(places_are_few),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/views", tests, NULL, NULL);
}
