#include "plan_rig.h"

/* Which inboxes the next schedule has, and how much there may be of all. */

static void
new_inboxes_switch_with_the_first(void **state)
{
	struct plan_request r = request("2026-03-02"), later = request("2026-03-20");
	struct schedule *s, *t;

	(void)state;
	ask_inbox(&r, "tips");
	r.epochs = 4;
	s = plan(NULL, &r);
	ask_inbox(&later, "arts");
	ask_inbox(&later, "tips"); /* a new title */
	snprintf(later.inboxes[1].title, sizeof later.inboxes[1].title, "Renamed");
	later.epochs = 2;
	t = plan(s, &later);
	assert_int_equal(t->n_inboxes, 2);
	assert_string_equal(t->inboxes[0].name, "tips");
	assert_string_equal(t->inboxes[0].title, "Renamed");
	assert_int_equal(t->n_epochs, 3 + 2);
	assert_int_equal(t->epochs[3].number, 1);
	assert_int_equal(t->epochs[3].start, day("2026-03-16"));
	schedule_free(s);
	schedule_free(t);
}

static void
limits(void **state)
{
	struct plan_request r = request("2026-03-02"), end = request("9999-12-01");
	struct schedule *s;
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < LIMIT_INBOXES; i++) {
		snprintf(name, sizeof name, "i%d", i);
		ask_inbox(&r, name);
	}
	r.epochs = LIMIT_EPOCHS / LIMIT_INBOXES;
	s = plan(NULL, &r);
	assert_int_equal(s->n_epochs, LIMIT_EPOCHS);
	r.epochs++;
	refuses(NULL, &r, ERR_LIMIT, "epoch lines");
	r.epochs = 1;
	r.inboxes[0].name[0] = 'x';
	refuses(s, &r, ERR_LIMIT, "inboxes");
	schedule_free(s);
	ask_inbox(&end, "tips");
	end.epochs = 2;
	s = plan(NULL, &end);
	schedule_free(s);
	end.epochs = 3;
	refuses(NULL, &end, ERR_LIMIT, "calendar");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_inboxes_switch_with_the_first),
	    cmocka_unit_test(limits),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
