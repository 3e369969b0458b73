#include "plan_rig.h"
#include "tool/listed.h"

/* Which epochs the next schedule has: their days and numbers. */

static void
first_schedule(void **state)
{
	struct plan_request r = request("2026-03-02");
	struct schedule *s;

	(void)state;
	refuses(NULL, &r, ERR_USAGE, "needs an inbox");
	ask_inbox(&r, "tips");
	ask_inbox(&r, "arts");
	s = plan(NULL, &r);
	assert_int_equal(s->serial, 1);
	assert_int_equal(s->issued, day("2026-03-02"));
	assert_int_equal(s->n_inboxes, 2);
	assert_int_equal(s->n_epochs, 2 * PLAN_EPOCHS);
	assert_int_equal(s->epochs[0].number, 1);
	assert_int_equal(s->epochs[0].start, day("2026-03-02"));
	assert_int_equal(s->epochs[0].end, day("2026-03-16"));
	assert_int_equal(s->epochs[PLAN_EPOCHS].inbox, 1);
	assert_int_equal(s->epochs[PLAN_EPOCHS].start, day("2026-03-02"));
	schedule_free(s);
}

static void
extends_without_gap_and_stops(void **state)
{
	struct plan_request r = request("2026-03-02"), later = request("2026-09-01");
	struct schedule *s, *t, *u;
	bool same = true;
	size_t i;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	t = plan(s, &later);
	assert_int_equal(t->serial, 2);
	assert_memory_equal(t->previous, old_hash, HASH_LEN);
	/* Half a year later 13 epochs are over, and their keys aren't there. */
	assert_int_equal(t->n_epochs, PLAN_EPOCHS);
	assert_int_equal(t->epochs[0].number, 14);
	assert_int_equal(t->epochs[0].start, day("2026-08-31"));
	for (i = 0; i < PLAN_EPOCHS - 13; i++)
		assert_memory_equal(t->epochs[i].recipient, s->epochs[13 + i].recipient, AGE_KEY);
	assert_ok(listed_compare(s, t, &same));
	assert_false(same);
	u = plan(t, &later);
	assert_ok(listed_compare(t, u, &same));
	assert_true(same);
	schedule_free(s);
	schedule_free(t);
	schedule_free(u);
}

static void
keeps_what_is_over_while_its_key_is_there(void **state)
{
	static const struct keystore_epoch have[] = {
	    {"tips", 12, 0}, {"tips", 13, 0}, {"arts", 1, 0}};
	struct plan_request r = request("2026-03-02"), later = request("2026-09-01");
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	later.have = have;
	later.n_have = 3;
	t = plan(s, &later);
	assert_int_equal(t->epochs[0].number, 12);
	assert_int_equal(t->n_epochs, PLAN_EPOCHS + 2);
	schedule_free(s);
	schedule_free(t);
}

/* The upload of yesterday still finds its epoch, and what isn't retired isn't taken for it. */
static void
bridges_a_pause(void **state)
{
	struct plan_request r = request("2026-03-02"), later = request("2028-02-20");
	struct keystore_epoch have[] = {{"tips", 2, 0}, {"tips", 1, 0}};
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = later.epochs = 2;
	s = plan(NULL, &r);
	later.have = have;
	later.n_have = 1;
	t = plan(s, &later); /* until 2026-03-30; epoch 1 was retired */
	assert_int_equal(t->n_epochs, 1 + 2 + 2);
	assert_int_equal(t->epochs[0].number, 2);
	assert_int_equal(t->epochs[1].start, day("2026-03-30"));
	assert_int_equal(t->epochs[1].end, day("2027-03-31")); /* the longest that may be */
	assert_int_equal(t->epochs[2].end, day("2028-02-20"));
	assert_int_equal(t->epochs[3].number, 5);
	assert_int_equal(t->epochs[3].start, day("2028-02-20"));
	assert_int_equal(t->epochs[3].end, day("2028-03-05")); /* as long as before the pause */
	assert_int_equal(t->epochs[4].end, day("2028-03-19"));
	schedule_free(t);
	/* No day of pause, no bridge. */
	later.today = s->epochs[1].end;
	later.n_have = 2;
	t = plan(s, &later);
	assert_int_equal(t->n_epochs, 4);
	assert_int_equal(t->epochs[0].number, 1);
	assert_int_equal(t->epochs[2].start, s->epochs[1].end);
	schedule_free(t);
	later.has_from = true;
	later.from = s->epochs[1].end + 1;
	refuses(s, &later, ERR_USAGE, "gap");
	schedule_free(s);
}

/* The first inbox's epoch of today began before a shorter one that begins with it would end. */
static void
shorter_epochs_begin_today(void **state)
{
	static const struct keystore_epoch have[] = {{"arts", 4, 0}};
	struct plan_request r = request("2026-03-02"), later = request("2026-04-07");
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = 4; /* the third began on 2026-03-30 */
	s = plan(NULL, &r);
	ask_inbox(&r, "arts");
	r.days = 7;
	t = plan(s, &r); /* arts until 2026-03-30 */
	schedule_free(s);
	later.epochs = 2;
	later.have = have;
	later.n_have = 1;
	s = plan(t, &later);
	assert_int_equal(s->n_epochs, 2 + 1 + 1 + 2);
	assert_int_equal(s->epochs[3].start, day("2026-03-30")); /* the bridge */
	assert_int_equal(s->epochs[3].end, later.today);
	assert_int_equal(s->epochs[4].number, 6);
	assert_int_equal(s->epochs[4].start, later.today);
	assert_int_equal(s->epochs[5].end, later.today + 14);
	schedule_free(s);
	later.n_have = 0; /* all retired */
	s = plan(t, &later);
	assert_int_equal(s->n_epochs, 2 + 2);
	assert_int_equal(s->epochs[2].number, 5);
	assert_int_equal(s->epochs[2].start, later.today);
	schedule_free(s);
	later.today -= 2; /* the last day on which they still switch together */
	s = plan(t, &later);
	assert_int_equal(s->epochs[2].start, day("2026-03-30"));
	schedule_free(s);
	later.today += 2;
	later.days = 7;
	ask_inbox(&later, "news");
	s = plan(t, &later);
	assert_int_equal(s->epochs[4].start, later.today);
	schedule_free(s);
	schedule_free(t);
}

/* Restored without the newest schedule: the log knows of later epochs than the last one here. */
static void
numbers_go_on_behind_what_was_retired(void **state)
{
	static const char log[] = "2026-04-15 retired tips 4\n2026-04-01 retired tips 3\n"
				  "2026-04-15 retired arts 9\n";
	static const char last[] = "2026-04-15 retired tips 4294967295\n";
	static const struct keystore_epoch have[] = {{"tips", 2, 0}};
	struct plan_request r = request("2026-03-02"), later = request("2026-04-20");
	struct holders known = {0};
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = later.epochs = 2;
	s = plan(NULL, &r);
	buf_init(&known.log, 4096);
	assert_ok(buf_add(&known.log, log, strlen(log)));
	later.known = &known;
	ask_inbox(&later, "arts");
	ask_inbox(&later, "news");
	t = plan(s, &later);
	assert_int_equal(t->n_epochs, 6);
	assert_int_equal(t->epochs[0].number, 5);
	assert_int_equal(t->epochs[0].start, later.today);
	assert_int_equal(t->epochs[2].number, 10);
	assert_int_equal(t->epochs[4].number, 1);
	schedule_free(t);
	/* What still has a key keeps its line, and lines have no gap. */
	later.have = have;
	later.n_have = 1;
	refuses(s, &later, ERR_STATE, "calls tips 4 retired");
	later.n_have = 0;
	assert_ok(buf_add(&known.log, last, strlen(last)));
	refuses(s, &later, ERR_LIMIT, "calendar");
	schedule_free(s);
	holders_wipe(&known);
}

static void
begins_anew_after_a_pause(void **state)
{
	struct plan_request r = request("2026-03-02"), later = request("2028-02-20");
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	t = plan(s, &later);
	assert_int_equal(t->n_epochs, PLAN_EPOCHS);
	assert_int_equal(t->epochs[0].number, PLAN_EPOCHS + 1);
	assert_int_equal(t->epochs[0].start, day("2028-02-20"));
	assert_int_equal(t->epochs[0].end, day("2028-03-05")); /* over a leap day */
	later.has_from = true;
	later.from = day("2027-02-28");
	refuses(s, &later, ERR_USAGE, "overlap");
	later.from = day("2027-03-01");
	refuses(s, &later, ERR_USAGE, "over already");
	schedule_free(s);
	schedule_free(t);
}

static void
from_makes_neither_gap_nor_overlap(void **state)
{
	struct plan_request r = request("2026-03-02"), later = request("2026-03-20");
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = 3; /* until 2026-04-13 */
	r.has_from = true;
	r.from = day("2026-03-02");
	s = plan(NULL, &r);
	later.has_from = true;
	later.from = day("2026-04-14");
	refuses(s, &later, ERR_USAGE, "gap");
	later.from = day("2026-04-12");
	refuses(s, &later, ERR_USAGE, "overlap");
	later.from = day("2026-04-13");
	t = plan(s, &later);
	schedule_free(t);
	r.from = day("2026-02-16");
	refuses(NULL, &r, ERR_USAGE, "over already");
	r.from = day("2026-02-17");
	t = plan(NULL, &r);
	assert_int_equal(t->epochs[2].end, day("2026-03-31"));
	schedule_free(s);
	schedule_free(t);
}

static void
lengths_are_remembered(void **state)
{
	struct plan_request r = request("2026-12-20"), later = request("2026-12-31");
	struct schedule *s, *t, *u;

	(void)state;
	ask_inbox(&r, "tips");
	r.days = 7;
	r.epochs = 2;
	s = plan(NULL, &r);
	assert_int_equal(s->epochs[1].end, day("2027-01-03"));
	later.epochs = 2;
	t = plan(s, &later);
	assert_int_equal(t->epochs[t->n_epochs - 1].start, day("2027-01-03"));
	assert_int_equal(t->epochs[t->n_epochs - 1].end, day("2027-01-10"));
	later.epochs = 3;
	later.days = LIMIT_EPOCH_DAYS;
	u = plan(t, &later);
	assert_int_equal(u->epochs[u->n_epochs - 1].end, day("2028-01-11"));
	schedule_free(s);
	schedule_free(t);
	schedule_free(u);
}

static void
clock_must_not_go_back(void **state)
{
	struct plan_request r = request("2026-03-02"), before = request("2026-03-01");
	struct schedule *s;

	(void)state;
	ask_inbox(&r, "tips");
	s = plan(NULL, &r);
	refuses(s, &before, ERR_CLOCK, "before the day");
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_schedule),
	    cmocka_unit_test(extends_without_gap_and_stops),
	    cmocka_unit_test(keeps_what_is_over_while_its_key_is_there),
	    cmocka_unit_test(bridges_a_pause),
	    cmocka_unit_test(shorter_epochs_begin_today),
	    cmocka_unit_test(numbers_go_on_behind_what_was_retired),
	    cmocka_unit_test(begins_anew_after_a_pause),
	    cmocka_unit_test(from_makes_neither_gap_nor_overlap),
	    cmocka_unit_test(lengths_are_remembered),
	    cmocka_unit_test(clock_must_not_go_back),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
