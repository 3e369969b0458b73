#include "harness.h"

#include "alarm.h"
#include "base/clock.h"
#include "catalog.h"
#include "catalog_old.h"
#include "rig.h"

static struct manifest_topic topics[2] = {
    {"city", "Nice & \xc3\xa9t\xc3\xa9 100%\n="}, {"technology", ""}};

static struct catalog_item
row(unsigned i)
{
	struct catalog_item r = {.state = CATALOG_OPENED,
	    .flags = CATALOG_BAD_DAY,
	    .day = RIG_DAY,
	    .inbox = "tips",
	    .epoch = 30,
	    .size = 262392,
	    .schedule = 12,
	    .files = 2,
	    .bytes = 1ull << 40,
	    .message = 7,
	    .topics = topics,
	    .n_topics = 2};

	snprintf(r.id, sizeof r.id, "%032x", i);
	strcpy(r.received, "2026-02-16T14:07Z");
	memset(r.hash, (int)i, HASH_LEN);
	memset(r.mailbox, 'b', MANIFEST_MAILBOX_LEN);
	return r;
}

/* One of everything. */
static void
fill(struct catalog *c)
{
	struct catalog_bundle b = {
	    .serial = 7, .volume = 1, .volumes = 2, .made = 20500, .imported = 20501, .items = 3};
	struct catalog_schedule s = {.serial = 12};
	struct catalog_item r;
	struct sign_key k;

	rig_sign_key(&k, "root");
	assert_ok(catalog_put_instance(c, RIG_INSTANCE));
	assert_ok(catalog_put_root(c, &k.public));
	rig_sign_key(&k, "transfer");
	assert_ok(catalog_put_transfer(c, &k.public));
	assert_ok(catalog_put_bundle(c, &b));
	assert_ok(catalog_put_schedule(c, &s));
	assert_ok(alarm_raise(c, CATALOG_GAP, 3, 6, NULL));
	assert_ok(alarm_raise(c, CATALOG_ITEM_CHANGED, 0, 0, "0123456789abcdef0123456789abcdef"));
	r = row(5);
	assert_ok(catalog_put_item(c, &r));
	r = row(2);
	r.state = CATALOG_MISSING;
	r.received[0] = r.mailbox[0] = '\0';
	r.n_topics = 0;
	assert_ok(catalog_put_item(c, &r));
}

static void
what_is_written_is_read_again(void **state)
{
	const struct catalog_item *i;
	struct catalog a, b;
	struct buf first, again;
	size_t line;

	(void)state;
	catalog_init(&a);
	catalog_init(&b);
	buf_init(&first, LIMIT_MIB);
	buf_init(&again, LIMIT_MIB);
	fill(&a);
	/* Both the single changes and the dump make the same catalog. */
	assert_ok(catalog_dump(&a, &first));
	assert_ok(catalog_load(&b, a.pending.p, a.pending.len, &line));
	assert_ok(catalog_dump(&b, &again));
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.p, again.p, first.len);
	assert_int_equal(b.n_items, 2);
	i = catalog_find(&b, "00000000000000000000000000000005");
	assert_non_null(i);
	assert_int_equal(i->flags, CATALOG_BAD_DAY);
	assert_int_equal(i->n_topics, 2);
	assert_string_equal(i->topics[0].value, topics[0].value);
	assert_string_equal(i->topics[1].value, "");
	assert_int_equal(i->bytes, 1ull << 40);
	assert_string_equal(i->reply_to, "");
	assert_true(b.has_root && b.has_transfer);
	assert_int_equal(b.alarms[0].a, 3);
	buf_wipe(&first);
	buf_wipe(&again);
	catalog_wipe(&a);
	catalog_wipe(&b);
}

static enum err
load(const void *p, size_t n)
{
	struct catalog c;
	size_t line;
	enum err e;

	catalog_init(&c);
	e = catalog_load(&c, p, n, &line);
	catalog_wipe(&c);
	return e;
}

/* Only at the end of a line can a catalog end. */
static void
every_truncation_is_noticed(void **state)
{
	struct catalog c;
	size_t n;

	(void)state;
	catalog_init(&c);
	fill(&c);
	for (n = 1; n < c.pending.len; n++)
		if (c.pending.p[n - 1] != '\n')
			assert_err(load(c.pending.p, n), ERR_FORMAT);
		else
			assert_ok(load(c.pending.p, n));
	catalog_wipe(&c);
}

static void
every_bit_flip_ends_well(void **state)
{
	struct catalog c;
	unsigned bit;
	size_t i;
	enum err e;

	(void)state;
	catalog_init(&c);
	fill(&c);
	for (i = 0; i < c.pending.len; i++)
		for (bit = 0; bit < 8; bit++) {
			c.pending.p[i] ^= (uint8_t)(1u << bit);
			e = load(c.pending.p, c.pending.len);
			assert_true(e == ERR_OK || e == ERR_FORMAT);
			c.pending.p[i] ^= (uint8_t)(1u << bit);
		}
	catalog_wipe(&c);
}

static void
foreign_lines_are_refused(void **state)
{
	static const char *const lines[] = {"\n", "item:\n", "item: \n", "nothing: 1\n",
	    "schedule: 12\n", "schedule: 12 zz\n", "alarm: 2 0 2026-01-01 - 1 1 -\n",
	    "alarm: 1 99 2026-01-01 - 1 1 -\n", "alarm: 1 0 2026-01-01 - 1 1 - \n",
	    "alarm: 1 0 2026-01-01 - 1 1 - x\n", "instance: x\n", "root: x\n"};
	size_t i;

	(void)state;
	assert_ok(load("alarm: 1 0 2026-01-01 - 1 1 -\n", 30));
	for (i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_err(load(lines[i], strlen(lines[i])), ERR_FORMAT);
}

static void
a_put_replaces_its_predecessor(void **state)
{
	struct catalog_item r = row(1);
	struct catalog c;
	unsigned i;

	(void)state;
	catalog_init(&c);
	for (i = 0; i < 200; i++) {
		r = row(i * 7919 % 200); /* in no order */
		assert_ok(catalog_put_item(&c, &r));
	}
	assert_int_equal(c.n_items, 200);
	for (i = 1; i < 200; i++)
		assert_true(strcmp(c.items[i - 1]->id, c.items[i]->id) < 0);
	r = row(77);
	r.files = 9;
	assert_ok(catalog_put_item(&c, &r));
	assert_int_equal(c.n_items, 200);
	assert_int_equal(catalog_find(&c, r.id)->files, 9);
	assert_null(catalog_find(&c, "ffffffffffffffffffffffffffffffff"));
	catalog_wipe(&c);
}

/* A put that fails leaves nothing to be written. */
static void
a_refused_put_leaves_no_line(void **state)
{
	struct catalog_item r = row(1);
	struct catalog c;

	(void)state;
	catalog_init(&c);
	r.id[0] = '\0';
	assert_err(catalog_put_item(&c, &r), ERR_FORMAT);
	assert_int_equal(c.pending.len, 0);
	assert_err(catalog_put_instance(&c, "short"), ERR_FORMAT);
	assert_int_equal(c.pending.len, 0);
	catalog_wipe(&c);
}

static void
add(struct catalog *c, const char *id)
{
	struct catalog_item r = row(0);

	strcpy(r.id, id);
	assert_ok(catalog_put_item(c, &r));
}

static void
prefixes_find_one(void **state)
{
	const struct catalog_item *found = NULL;
	struct catalog c;

	(void)state;
	catalog_init(&c);
	assert_err(catalog_find_prefix(&c, "abcd", &found), ERR_NOTFOUND);
	assert_int_equal(catalog_id_digits(&c), 8);
	add(&c, "abcd0000000000000000000000000001");
	add(&c, "abcd0000000000000000000000000002");
	add(&c, "abce0000000000000000000000000000");
	assert_ok(catalog_find_prefix(&c, "abce", &found));
	assert_string_equal(found->id, "abce0000000000000000000000000000");
	assert_ok(catalog_find_prefix(&c, "ABCE", &found));
	assert_ok(catalog_find_prefix(&c, "abcd0000000000000000000000000002", &found));
	assert_string_equal(found->id, "abcd0000000000000000000000000002");
	assert_err(catalog_find_prefix(&c, "abcd", &found), ERR_AMBIGUOUS);
	assert_err(catalog_find_prefix(&c, "abcf", &found), ERR_NOTFOUND);
	assert_err(catalog_find_prefix(&c, "ffff", &found), ERR_NOTFOUND);
	assert_err(catalog_find_prefix(&c, "abc", &found), ERR_USAGE);
	assert_err(catalog_find_prefix(&c, "abcg", &found), ERR_USAGE);
	assert_err(catalog_find_prefix(&c, "", &found), ERR_USAGE);
	assert_err(catalog_find_prefix(&c, "abcd00000000000000000000000000020", &found), ERR_USAGE);
	assert_int_equal(catalog_id_digits(&c), 32);
	catalog_wipe(&c);
}

static void
put_use(struct catalog *c, unsigned i, uint32_t schedule, int32_t day)
{
	struct catalog_item r = row(i);

	r.schedule = schedule;
	r.day = day;
	r.flags = 0;
	assert_ok(catalog_put_item(c, &r));
}

static void
a_server_that_goes_back_is_noticed(void **state)
{
	struct catalog c;
	struct buf text;

	(void)state;
	catalog_init(&c);
	put_use(&c, 1, 12, 100);
	put_use(&c, 2, 13, 110);
	put_use(&c, 3, 14, 120);
	put_use(&c, 4, 12, 109); /* before 13 was in use */
	put_use(&c, 5, 12, 110); /* the day of the change: nobody can tell */
	put_use(&c, 6, 12, 111); /* back */
	put_use(&c, 7, 13, 121); /* back */
	put_use(&c, 8, 0, 200);  /* not opened */
	assert_ok(catalog_old_mark(&c));
	assert_int_equal(c.items[0]->flags, 0);
	assert_int_equal(c.items[2]->flags, 0);
	assert_int_equal(c.items[3]->flags, 0);
	assert_int_equal(c.items[4]->flags, 0);
	assert_int_equal(c.items[5]->flags, CATALOG_OLD_SCHEDULE);
	assert_int_equal(c.items[6]->flags, CATALOG_OLD_SCHEDULE);
	assert_int_equal(c.items[7]->flags, 0);
	/* Found anew each time, never stored. */
	buf_init(&text, LIMIT_MIB);
	assert_ok(catalog_dump(&c, &text));
	assert_null(strstr(buf_cstr(&text), " 64 1970"));
	buf_wipe(&text);
	catalog_wipe(&c);
}

static void
put_bundle(struct catalog *c, uint32_t serial)
{
	struct catalog_bundle b = {
	    .serial = serial, .volume = 1, .volumes = 1, .made = RIG_DAY, .imported = RIG_DAY};

	assert_ok(catalog_put_bundle(c, &b));
}

static void
alarms_stand_until_settled(void **state)
{
	struct catalog c;

	(void)state;
	catalog_init(&c);
	assert_int_equal(alarm_count(&c), 0);
	assert_ok(alarm_raise(&c, CATALOG_BUNDLE_FORK, 7, 0, NULL));
	assert_ok(alarm_raise(&c, CATALOG_BUNDLE_FORK, 7, 0, NULL)); /* once is enough */
	assert_ok(alarm_raise(&c, CATALOG_BUNDLE_FORK, 8, 0, NULL));
	assert_int_equal(alarm_count(&c), 2);
	assert_int_equal(c.alarms[0].day, clock_today());
	assert_err(alarm_put_aside(&c, 0), ERR_NOTFOUND);
	assert_err(alarm_put_aside(&c, 3), ERR_NOTFOUND);
	assert_ok(alarm_put_aside(&c, 1));
	assert_int_equal(alarm_count(&c), 1);
	/* Settled is settled. */
	assert_ok(alarm_raise(&c, CATALOG_BUNDLE_FORK, 7, 0, NULL));
	assert_int_equal(alarm_count(&c), 1);
	catalog_wipe(&c);
}

static void
a_gap_closes_by_itself(void **state)
{
	struct catalog c;

	(void)state;
	catalog_init(&c);
	put_bundle(&c, 1);
	put_bundle(&c, 5);
	assert_ok(alarm_raise(&c, CATALOG_GAP, 2, 4, NULL));
	put_bundle(&c, 4);
	put_bundle(&c, 2);
	assert_ok(alarm_close_gaps(&c));
	assert_int_equal(alarm_count(&c), 1);
	put_bundle(&c, 3);
	assert_int_equal(c.n_bundles, 5);
	assert_int_equal(c.bundles[2].serial, 3);
	assert_ok(alarm_close_gaps(&c));
	assert_int_equal(alarm_count(&c), 0);
	assert_non_null(catalog_find_bundle(&c, 3, 1));
	assert_null(catalog_find_bundle(&c, 3, 2));
	catalog_wipe(&c);
}

static void
every_alarm_has_words(void **state)
{
	struct catalog_alarm a = {.number = 1, .a = 3, .b = 5};
	struct buf b;
	unsigned k;

	(void)state;
	buf_init(&b, 4096);
	for (k = 0; k < CATALOG_ALARM_KINDS; k++) {
		a.kind = (enum catalog_alarm_kind)k;
		buf_reset(&b);
		assert_ok(alarm_text(&b, &a));
		assert_true(b.len > 40);
	}
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_again),
	    cmocka_unit_test(every_truncation_is_noticed),
	    cmocka_unit_test(every_bit_flip_ends_well),
	    cmocka_unit_test(foreign_lines_are_refused),
	    cmocka_unit_test(a_put_replaces_its_predecessor),
	    cmocka_unit_test(a_refused_put_leaves_no_line),
	    cmocka_unit_test(prefixes_find_one),
	    cmocka_unit_test(a_server_that_goes_back_is_noticed),
	    cmocka_unit_test(alarms_stand_until_settled),
	    cmocka_unit_test(a_gap_closes_by_itself),
	    cmocka_unit_test(every_alarm_has_words),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
