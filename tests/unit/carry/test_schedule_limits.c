#include "schedule_rig.h"

/* What may just be, and what is one more: counts, bytes, days. */

static enum err
parse_buf(struct buf *b, struct schedule_fault *f)
{
	struct schedule *s = NULL;
	enum err e;

	*f = (struct schedule_fault){0};
	if ((e = schedule_parse(b->p, b->len, &s, f)) == ERR_OK)
		assert_exact(s, b->p, b->len);
	schedule_free(s);
	return e;
}

static void __attribute__((format(printf, 2, 3))) add_numbered(struct buf *b, const char *form, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, form);
	vsnprintf(line, sizeof line, form, ap);
	va_end(ap);
	text_expand(b, line);
}

/* Every kind of line as often as asked. */
static void
build(struct buf *b, unsigned inboxes, unsigned recipients, unsigned revoked, unsigned replies)
{
	unsigned i, k, key = 1;

	text_expand(b, HEAD);
	for (i = 0; i < inboxes; i++)
		add_numbered(b, "inbox: i%u T%u\n", i, i);
	for (i = 0; i < inboxes; i++)
		for (k = 0; k < recipients; k++)
			add_numbered(b, "epoch: i%u 1 2026-01-01 2027-01-02 @%u\n", i, key++);
	for (i = 0; i < revoked; i++)
		add_numbered(b, "revoked: i0 %u @%u\n", i + 1, key++);
	for (i = 0; i < replies; i++)
		add_numbered(b, "replykey: #%u\n", i + 1);
	text_expand(b, "end\n");
}

static void
counts_are_limited(void **state)
{
	static const unsigned at[4] = {
	    LIMIT_INBOXES, LIMIT_AGE_RECIPIENTS, LIMIT_REVOKED, LIMIT_REPLY_KEYS};
	struct schedule_fault f;
	unsigned n[4];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 2 * LIMIT_SCHEDULE);
	build(&b, at[0], at[1], at[2], at[3]);
	assert_ok(parse_buf(&b, &f));
	for (i = 0; i < 4; i++) {
		memcpy(n, at, sizeof n);
		n[i]++;
		buf_reset(&b);
		build(&b, n[0], n[1], n[2], n[3]);
		assert_err(parse_buf(&b, &f), ERR_LIMIT);
		assert_non_null(strstr(f.why, i == 1 ? "4 recipients" : "too many"));
	}
	buf_wipe(&b);
}

static void
build_epochs(struct buf *b, unsigned epochs)
{
	char a[DATE_DAY_LEN + 1], c[DATE_DAY_LEN + 1];
	int32_t d = day("2026-01-01");
	unsigned i;

	text_expand(b, HEAD "inbox: a A\n");
	for (i = 0; i < epochs; i++, d++) {
		date_format(a, d);
		date_format(c, d + 1);
		add_numbered(b, "epoch: a %u %s %s @%u\n", i + 1, a, c, i);
	}
	text_expand(b, "end\n");
}

static void
epochs_and_bytes_are_limited(void **state)
{
	struct schedule_fault f;
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, 2 * LIMIT_SCHEDULE);
	build_epochs(&b, LIMIT_EPOCHS);
	assert_true(b.len < LIMIT_SCHEDULE);
	assert_ok(parse_buf(&b, &f));
	buf_reset(&b);
	build_epochs(&b, LIMIT_EPOCHS + 1);
	assert_err(parse_buf(&b, &f), ERR_LIMIT);
	/* One megabyte may be parsed; one byte more isn't even looked at. */
	for (n = b.len; b.len <= LIMIT_SCHEDULE;)
		assert_ok(buf_add(&b, "x", 1));
	assert_err(parse_buf(&b, &f), ERR_LIMIT);
	assert_int_equal(f.line, 0);
	b.len--;
	assert_err(parse_buf(&b, &f), ERR_LIMIT);
	assert_true(f.line > 0 && n < b.len);
	buf_wipe(&b);
}

static void
long_lines_and_titles(void **state)
{
	char title[LIMIT_SCHEDULE_LINE + 2];
	struct schedule_fault f;
	struct buf b;
	size_t n;

	(void)state;
	for (n = LIMIT_INBOX_TITLE; n <= LIMIT_INBOX_TITLE + 1; n++) {
		memset(title, 't', n);
		title[n] = '\0';
		buf_init(&b, 4096);
		text_expand(&b, HEAD "inbox: a ");
		assert_ok(buf_add_str(&b, title));
		text_expand(&b, "\nepoch: a 1 2026-01-01 2026-01-02 @1\nend\n");
		assert_err(parse_buf(&b, &f), n == LIMIT_INBOX_TITLE ? ERR_OK : ERR_FORMAT);
		buf_wipe(&b);
	}
	memset(title, 't', sizeof title);
	buf_init(&b, 4096);
	assert_ok(buf_add(&b, title, LIMIT_SCHEDULE_LINE + 1));
	assert_ok(buf_add_str(&b, "\n"));
	assert_err(parse_buf(&b, &f), ERR_LIMIT);
	assert_int_equal(f.line, 1);
	buf_wipe(&b);
}

static void
leap_years_and_year_ends(void **state)
{
	static const char text[] = HEAD "inbox: a A\n"
					"epoch: a 1 2027-12-25 2028-01-08 @1\n"
					"epoch: a 2 2028-01-08 2028-02-29 @2\n"
					"epoch: a 3 2028-02-29 2028-03-01 @3\n"
					"epoch: a 4 2028-03-01 2029-03-02 @4\n"
					"end\n";
	struct schedule *s = parse_ok(text);
	struct schedule_seal seal;

	(void)state;
	assert_err(schedule_current(s, 0, day("2027-12-24"), &seal), ERR_EXPIRED);
	assert_ok(schedule_current(s, 0, day("2027-12-31"), &seal));
	assert_int_equal(seal.number, 1);
	assert_ok(schedule_current(s, 0, day("2028-02-29"), &seal));
	assert_int_equal(seal.number, 3);
	assert_ok(schedule_current(s, 0, day("2028-03-01"), &seal));
	assert_int_equal(seal.number, 4);
	assert_int_equal(seal.end - seal.start, LIMIT_EPOCH_DAYS);
	assert_err(schedule_current(s, 0, day("2029-03-02"), &seal), ERR_EXPIRED);
	schedule_free(s);
}

static void
current_switches_at_midnight(void **state)
{
	struct schedule *s = parse_ok(example);
	struct schedule_seal seal = {.number = 7};
	uint8_t key[32];
	size_t in;

	(void)state;
	assert_ok(schedule_find_inbox(s, "tips", &in));
	assert_err(schedule_current(s, in, day("2026-03-01"), &seal), ERR_EXPIRED);
	assert_int_equal(seal.number, 7);
	assert_ok(schedule_current(s, in, day("2026-03-15"), &seal));
	assert_int_equal(seal.number, 31);
	assert_int_equal(seal.n, 2);
	text_key(key, 2);
	assert_memory_equal(seal.recipients[1], key, AGE_KEY);
	assert_ok(schedule_current(s, in, day("2026-03-16"), &seal));
	assert_int_equal(seal.number, 32);
	assert_int_equal(seal.n, 1);
	assert_err(schedule_current(s, in, day("2026-03-30"), &seal), ERR_EXPIRED);
	assert_err(schedule_current(s, 2, day("2026-03-16"), &seal), ERR_EXPIRED);
	assert_err(schedule_find_inbox(s, "tip", &in), ERR_NOTFOUND);
	schedule_free(s);
}

static void
last_day_is_that_of_the_poorest_inbox(void **state)
{
	struct schedule *s = parse_ok(example);

	(void)state;
	assert_int_equal(schedule_last_day(s, day("2026-03-05")), day("2026-03-30"));
	assert_int_equal(schedule_last_day(s, day("2026-03-29")), day("2026-03-30"));
	assert_int_equal(schedule_last_day(s, day("2026-03-30")), day("2026-03-30"));
	assert_int_equal(schedule_last_day(s, day("2026-04-30")), day("2026-04-30"));
	assert_int_equal(schedule_last_day(s, day("2026-03-01")), day("2026-03-01"));
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_are_limited),
	    cmocka_unit_test(epochs_and_bytes_are_limited),
	    cmocka_unit_test(long_lines_and_titles),
	    cmocka_unit_test(leap_years_and_year_ends),
	    cmocka_unit_test(current_switches_at_midnight),
	    cmocka_unit_test(last_day_is_that_of_the_poorest_inbox),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
