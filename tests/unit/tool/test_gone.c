#include "harness.h"

#include "tool/gone.h"

/* What restore believes of schedules and logs: unsure is never gone. */

#define TODAY 20600

static struct schedule_epoch lines[64];

/* A schedule of one or two inboxes ("tips", then "arts"), with these numbers each. */
static struct schedule
schedule(uint32_t serial, uint32_t first, uint32_t last, uint32_t arts_first, uint32_t arts_last)
{
	struct schedule s = {.serial = serial, .n_inboxes = 1, .epochs = lines};
	uint32_t n;

	strcpy(s.inboxes[0].name, "tips");
	for (n = first; n <= last; n++)
		lines[s.n_epochs++] =
		    (struct schedule_epoch){.number = n, .end = TODAY - 100 + (int32_t)n * 14};
	if (arts_first == 0)
		return s;
	s.n_inboxes = 2;
	strcpy(s.inboxes[1].name, "arts");
	for (n = arts_first; n <= arts_last; n++)
		lines[s.n_epochs++] = (struct schedule_epoch){
		    .inbox = 1, .number = n, .end = TODAY - 100 + (int32_t)n * 14};
	return s;
}

static void
begin(struct gone *g, uint32_t first, uint32_t last, uint32_t arts_first, uint32_t arts_last)
{
	struct schedule s = schedule(1, first, last, arts_first, arts_last);

	gone_init(g);
	g->is_signer = true;
	gone_begin(g, &s);
}

static void
follow(struct gone *g, uint32_t serial, uint32_t first, uint32_t last, uint32_t arts_first,
    uint32_t arts_last)
{
	struct schedule s = schedule(serial, first, last, arts_first, arts_last);

	gone_follow(g, &s);
}

static void
dropped_one_by_one(void **state)
{
	struct gone g;

	(void)state;
	begin(&g, 2, 6, 1, 6);
	follow(&g, 2, 4, 9, 1, 9);
	assert_int_equal(gone_ask(&g, "tips", 2), GONE_BY_SCHEDULE);
	assert_int_equal(gone_ask(&g, "tips", 3), GONE_BY_SCHEDULE);
	assert_int_equal(gone_ask(&g, "tips", 4), GONE_NOT);
	assert_int_equal(gone_ask(&g, "tips", 9), GONE_NOT);
	/* The other inbox lost nothing. */
	assert_int_equal(gone_ask(&g, "arts", 1), GONE_NOT);
	/* The backup had a key of it that its own schedule didn't list. */
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_UNSURE);
	assert_int_equal(gone_ask(&g, "none", 1), GONE_UNSURE);
	gone_wipe(&g);
}

static void
all_were_over(void **state)
{
	struct gone g;

	(void)state;
	begin(&g, 1, 2, 1, 6);
	follow(&g, 2, 3, 8, 5, 9);
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_UNSURE);
	assert_int_equal(gone_ask(&g, "tips", 2), GONE_UNSURE);
	assert_int_equal(gone_ask(&g, "arts", 4), GONE_BY_SCHEDULE);
	/* Once lost, the trail stays lost. */
	follow(&g, 3, 4, 9, 6, 9);
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_UNSURE);
	gone_wipe(&g);
}

static void
the_way_between(void **state)
{
	struct gone g;

	(void)state;
	begin(&g, 1, 4, 0, 0);
	follow(&g, 9, 8, 12, 0, 0);
	assert_int_equal(gone_ask(&g, "tips", 3), GONE_UNSURE);
	begin(&g, 1, 4, 0, 0);
	follow(&g, 5, 4, 8, 0, 0);
	follow(&g, 9, 8, 12, 0, 0);
	assert_int_equal(gone_ask(&g, "tips", 3), GONE_BY_SCHEDULE);
	gone_wipe(&g);
}

static void
not_newer_or_not_ours(void **state)
{
	struct gone g;

	(void)state;
	begin(&g, 1, 4, 0, 0);
	follow(&g, 1, 3, 4, 0, 0);
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_NOT);
	follow(&g, 2, 3, 6, 0, 0);
	g.is_signer = false;
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_UNSURE);
	/* A backup without a schedule. */
	gone_init(&g);
	g.is_signer = true;
	gone_begin(&g, NULL);
	follow(&g, 2, 3, 6, 0, 0);
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_UNSURE);
	gone_wipe(&g);
}

static void
inbox_is_listed_no_more(void **state)
{
	struct gone g;

	(void)state;
	begin(&g, 1, 4, 1, 4);
	follow(&g, 2, 3, 6, 0, 0);
	assert_int_equal(gone_ask(&g, "arts", 1), GONE_UNSURE);
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_BY_SCHEDULE);
	gone_wipe(&g);
}

static void
logs_know(void **state)
{
	struct schedule s;
	struct gone g;

	(void)state;
	gone_init(&g);
	assert_ok(buf_add_str(&g.log, "2026-03-02 retired tips 1\n"));
	assert_ok(buf_add_str(&g.newer, "2026-03-02 retired tips 1\n2026-04-02 retired tips 2\n"));
	assert_int_equal(gone_ask(&g, "tips", 1), GONE_BY_LOG);
	assert_int_equal(gone_ask(&g, "tips", 2), GONE_BY_LOG);
	assert_int_equal(gone_ask(&g, "tips", 3), GONE_NOT);
	assert_int_equal(gone_ask(&g, "arts", 1), GONE_NOT);
	/* Number n is over on TODAY - 100 + 14 n. */
	s = schedule(1, 1, 9, 0, 0);
	assert_ok(gone_check_log(&g, &s, TODAY));
	assert_ok(buf_add_str(&g.newer, "2026-04-02 retired tips 8\n"));
	assert_err(gone_check_log(&g, &s, TODAY), ERR_STATE);
	assert_ok(gone_check_log(&g, &s, TODAY + 12));
	assert_ok(gone_check_log(&g, NULL, TODAY));
	gone_wipe(&g);
}

static void
merges(const char *log, const char *newer, const char *want)
{
	struct gone g;
	struct buf out;

	gone_init(&g);
	buf_init(&out, LIMIT_KEY_LOG);
	assert_ok(buf_add_str(&g.log, log));
	assert_ok(buf_add_str(&g.newer, newer));
	assert_ok(gone_merge_logs(&g, &out));
	assert_int_equal(out.len, strlen(want));
	if (out.len > 0)
		assert_memory_equal(out.p, want, out.len);
	buf_wipe(&out);
	gone_wipe(&g);
}

static void
logs_merge(void **state)
{
#define A "2026-03-01 backup 1\n"
#define B "2026-03-02 retired tips 1\n"
#define C "2026-03-03 restored\n"
	(void)state;
	merges("", "", "");
	merges(A B, "", A B);
	merges(A, A B C, A B C);
	merges(A B, A, A B);
	merges(A C, A B, A C B);
	merges("", "2026-03-01 copy-of 00\n" B, B);
	merges(A, "2026-03-01 copy-of 00\n" B, A B);
	/* A last line without its end is none. */
	merges(A, A "2026-03-02 reti", A);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dropped_one_by_one),
	    cmocka_unit_test(all_were_over),
	    cmocka_unit_test(the_way_between),
	    cmocka_unit_test(not_newer_or_not_ours),
	    cmocka_unit_test(inbox_is_listed_no_more),
	    cmocka_unit_test(logs_know),
	    cmocka_unit_test(logs_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
