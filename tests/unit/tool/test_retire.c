#include "harness.h"

#include "tool/retire.h"

/* Which epochs retire destroys: from hand-made vaults, key stores and logs. */

#define TODAY 20600
#define ENDED (TODAY - LIMIT_UPLOAD_DAYS) /* an epoch that ended then may go today */
#define VAULT "00000000000000000000000000000007"

struct scene {
	struct keyring ring;
	struct holders known;
	struct need needs[2];
	struct retire_request q;
	struct retire_plan plan;
};

static void
add_key(struct scene *s, const char *inbox, uint32_t number, uint32_t replacement)
{
	struct keystore_epoch *e;

	s->ring.p = realloc(s->ring.p, (s->ring.n + 1) * sizeof *s->ring.p);
	assert_non_null(s->ring.p);
	e = &s->ring.p[s->ring.n++];
	*e = (struct keystore_epoch){.number = number, .replacement = replacement};
	snprintf(e->inbox, sizeof e->inbox, "%s", inbox);
}

/* A vault whose newest complete list is of that day. */
static struct need *
add_vault(struct scene *s, int32_t inventory_made)
{
	struct need *n = &s->needs[s->q.n_needs++];

	*n = (struct need){.path = "needs.txt"};
	n->head.made = TODAY;
	n->head.inventory = 1;
	n->head.inventory_made = inventory_made;
	n->epochs = calloc(16, sizeof *n->epochs);
	n->items = calloc(16, sizeof *n->items);
	assert_non_null(n->epochs);
	assert_non_null(n->items);
	return n;
}

static void
add_epoch(struct need *n, const char *inbox, uint32_t number, int32_t end)
{
	struct needs_epoch *e = &n->epochs[n->n_epochs++];

	snprintf(e->inbox, sizeof e->inbox, "%s", inbox);
	e->number = number;
	e->end = end;
}

static void
add_item(struct need *n, const char *inbox, uint32_t epoch, enum needs_why why)
{
	struct needs_item *i = &n->items[n->n_items++];

	snprintf(i->inbox, sizeof i->inbox, "%s", inbox);
	snprintf(i->id, sizeof i->id, "%s", VAULT);
	i->epoch = epoch;
	i->why = why;
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	buf_init(&s->known.log, 4096);
	s->q = (struct retire_request){.needs = s->needs, .today = TODAY};
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	keyring_free(&s->ring);
	holders_wipe(&s->known);
	need_wipe(&s->needs[0]);
	need_wipe(&s->needs[1]);
	retire_wipe(&s->plan);
	free(s);
	return 0;
}

static enum retire_verdict
verdict(struct scene *s, const char *inbox, uint32_t number)
{
	size_t i;

	if (s->plan.p == NULL)
		assert_ok(retire_plan(&s->ring, &s->known, &s->q, &s->plan));
	for (i = 0; i < s->plan.n; i++)
		if (strcmp(s->plan.p[i].inbox, inbox) == 0 && s->plan.p[i].number == number)
			return s->plan.p[i].verdict;
	fail_msg("%s %u isn't in the plan", inbox, number);
	return RETIRE_STAYS;
}

/* One inbox's mail doesn't keep the other's keys, nor does its going take them along. */
static void
two_inboxes(void **state)
{
	struct scene *s = *state;
	struct need *n = add_vault(s, TODAY);

	add_key(s, "arts", 1, 0);
	add_key(s, "arts", 2, 0);
	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 2, 0);
	add_epoch(n, "arts", 1, ENDED - 14);
	add_epoch(n, "arts", 2, ENDED);
	add_epoch(n, "tips", 1, ENDED - 14);
	add_epoch(n, "tips", 2, ENDED);
	add_item(n, "arts", 1, NEEDS_UNREAD);
	assert_int_equal(verdict(s, "arts", 1), RETIRE_STAYS);
	assert_int_equal(verdict(s, "arts", 2), RETIRE_STAYS);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_GOES);
	assert_int_equal(verdict(s, "tips", 2), RETIRE_GOES);
	assert_int_equal(retire_count(&s->plan, RETIRE_GOES), 2);
}

/* What can't be placed could be of any inbox. */
static void
unplaced_keeps_all(void **state)
{
	struct scene *s = *state;
	struct need *n = add_vault(s, TODAY);

	add_key(s, "arts", 1, 0);
	add_key(s, "tips", 1, 0);
	add_epoch(n, "arts", 1, ENDED);
	add_epoch(n, "tips", 1, ENDED);
	add_item(n, SCHEDULE_UNKNOWN, 1, NEEDS_UNREAD);
	assert_int_equal(verdict(s, "arts", 1), RETIRE_STAYS);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
}

/* Two desks share an inbox, each with a vault of its own that is opened with these keys: both are
 * asked. */
static void
two_vaults(void **state)
{
	struct scene *s = *state;
	struct need *a = add_vault(s, TODAY), *b = add_vault(s, TODAY);

	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 2, 0);
	add_epoch(a, "tips", 1, ENDED - 14);
	add_epoch(a, "tips", 2, ENDED);
	add_epoch(b, "tips", 1, ENDED - 14);
	add_epoch(b, "tips", 2, ENDED);
	add_item(b, "tips", 2, NEEDS_UNREAD);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_GOES);
	assert_int_equal(verdict(s, "tips", 2), RETIRE_STAYS);
}

/* The later of two ends counts, and a vault that never heard of the epoch keeps it. */
static void
vaults_disagree(void **state)
{
	struct scene *s = *state;
	struct need *a = add_vault(s, TODAY), *b = add_vault(s, TODAY);

	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 2, 0);
	add_epoch(a, "tips", 1, ENDED);
	add_epoch(a, "tips", 2, ENDED);
	add_epoch(b, "tips", 1, ENDED + 1);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
	assert_int_equal(verdict(s, "tips", 2), RETIRE_AHEAD);
}

static void
never_arrived(void **state)
{
	struct scene *s = *state;
	struct need *n = add_vault(s, TODAY);

	add_key(s, "tips", 1, 0);
	add_epoch(n, "tips", 1, ENDED);
	add_item(n, "tips", 1, NEEDS_MISSING);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
	assert_non_null(strstr(s->plan.p[0].why, "1 that never arrived"));
	retire_wipe(&s->plan);
	s->q.is_lost_by_choice = true;
	assert_int_equal(verdict(s, "tips", 1), RETIRE_GOES);
	assert_true(s->plan.p[0].is_lossy);
	/* What lies in the vault unread isn't given up by that. */
	retire_wipe(&s->plan);
	add_item(n, "tips", 1, NEEDS_UNREAD);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
}

/* Until the seventh day after its end the server takes what was sealed to it. */
static void
list_is_late_enough(void **state)
{
	struct scene *s = *state;
	struct need *n = add_vault(s, TODAY);

	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 2, 0);
	add_epoch(n, "tips", 1, ENDED);
	add_epoch(n, "tips", 2, ENDED + 1);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_GOES);
	assert_int_equal(verdict(s, "tips", 2), RETIRE_STAYS);
}

/* Made under a clock that runs ahead: it isn't the list of that day. */
static void
list_from_the_future(void **state)
{
	struct scene *s = *state;
	struct need *n = add_vault(s, TODAY + 2);

	add_key(s, "tips", 1, 0);
	add_epoch(n, "tips", 1, TODAY - 1);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
	retire_wipe(&s->plan);
	n->head.inventory_made = TODAY + 30;
	assert_int_equal(verdict(s, "tips", 1), RETIRE_STAYS);
	/* The server may be a time zone's day ahead. */
	retire_wipe(&s->plan);
	n->head.inventory_made = TODAY + 1;
	n->epochs[0].end = ENDED + 1;
	assert_int_equal(verdict(s, "tips", 1), RETIRE_GOES);
}

/* Both keys of a replaced epoch belong to one verdict; what was begun goes without any vault. */
static void
begun(void **state)
{
	struct scene *s = *state;

	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 1, 1);
	add_key(s, "tips", 2, 0);
	assert_ok(buf_add_str(&s->known.log, "2026-03-02 retired tips 1\n"));
	assert_int_equal(verdict(s, "tips", 1), RETIRE_BEGUN);
	assert_int_equal(verdict(s, "tips", 2), RETIRE_AHEAD);
	assert_int_equal(s->plan.n, 2);
	assert_int_equal(s->plan.p[0].n, 2);
}

/* "tips 1" isn't "tips 11", nor another inbox's. */
static void
log_is_exact(void **state)
{
	struct scene *s = *state;

	add_key(s, "tip", 1, 0);
	add_key(s, "tips", 1, 0);
	add_key(s, "tips", 11, 0);
	assert_ok(
	    buf_add_str(&s->known.log, "2026-03-02 retired tips 11\n2026-03-02 retired tips 1 \n"));
	assert_int_equal(verdict(s, "tip", 1), RETIRE_AHEAD);
	assert_int_equal(verdict(s, "tips", 1), RETIRE_AHEAD);
	assert_int_equal(verdict(s, "tips", 11), RETIRE_BEGUN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(two_inboxes, setup, teardown),
	    cmocka_unit_test_setup_teardown(unplaced_keeps_all, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_vaults, setup, teardown),
	    cmocka_unit_test_setup_teardown(vaults_disagree, setup, teardown),
	    cmocka_unit_test_setup_teardown(never_arrived, setup, teardown),
	    cmocka_unit_test_setup_teardown(list_is_late_enough, setup, teardown),
	    cmocka_unit_test_setup_teardown(list_from_the_future, setup, teardown),
	    cmocka_unit_test_setup_teardown(begun, setup, teardown),
	    cmocka_unit_test_setup_teardown(log_is_exact, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
