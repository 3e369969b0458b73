#include "text_edit.h"

#include <sodium.h>

#include "base/limits.h"
#include "carry/schedule.h"

static const char example[] = "sealslot-keys 1\n"                          /* 1 */
			      "instance: %\n"                              /* 2 */
			      "serial: 12\n"                               /* 3 */
			      "issued: 2026-03-01\n"                       /* 4 */
			      "previous: !1\n"                             /* 5 */
			      "inbox: tips Investigations desk\n"          /* 6 */
			      "inbox: arts-2 Culture & caf\xc3\xa9\n"      /* 7 */
			      "epoch: tips 31 2026-03-02 2026-03-16 @1\n"  /* 8 */
			      "epoch: tips 31 2026-03-02 2026-03-16 @2\n"  /* 9 */
			      "epoch: tips 32 2026-03-16 2026-03-30 @3\n"  /* 10 */
			      "epoch: arts-2 1 2026-03-02 2026-06-01 @4\n" /* 11 */
			      "revoked: tips 29 @5\n"                      /* 12 */
			      "revoked: tips 31 @6\n"                      /* 13 */
			      "replykey: #1\n"                             /* 14 */
			      "replykey: #2\n"                             /* 15 */
			      "end\n";                                     /* 16 */

static struct schedule *
parse_ok(const char *text)
{
	struct schedule_fault f = {0};
	struct schedule *s = NULL;
	struct buf b;

	buf_init(&b, 2 * LIMIT_SCHEDULE);
	text_expand(&b, text);
	if (schedule_parse(b.p, b.len, &s, &f) != ERR_OK)
		fail_msg("line %zu: %s", f.line, f.why);
	buf_wipe(&b);
	return s;
}

static int32_t
day(const char *s)
{
	int32_t d = 0;

	assert_ok(date_parse(s, strlen(s), &d));
	return d;
}

static void
reads_every_field(void **state)
{
	struct schedule *s = parse_ok(example);
	uint8_t key[32];

	(void)state;
	assert_string_equal(s->instance, TEXT_INSTANCE);
	assert_int_equal(s->serial, 12);
	assert_int_equal(s->issued, day("2026-03-01"));
	text_key(key, 1);
	assert_memory_equal(s->previous, key, HASH_LEN);
	assert_int_equal(s->n_inboxes, 2);
	assert_string_equal(s->inboxes[0].name, "tips");
	assert_string_equal(s->inboxes[1].title, "Culture & caf\xc3\xa9");
	assert_int_equal(s->n_epochs, 4);
	assert_int_equal(s->epochs[2].number, 32);
	assert_int_equal(s->epochs[2].start, day("2026-03-16"));
	assert_int_equal(s->epochs[3].inbox, 1);
	text_key(key, 4);
	assert_memory_equal(s->epochs[3].recipient, key, AGE_KEY);
	assert_int_equal(s->n_revoked, 2);
	assert_int_equal(s->revoked[1].number, 31);
	assert_int_equal(s->n_reply_keys, 2);
	text_key(key, 2);
	assert_memory_equal(s->reply_keys[1].pk, key, MINISIGN_PK);
	schedule_free(s);
	schedule_free(NULL);
}

/* Whatever the parser takes is exactly what format writes. */
static void
assert_exact(const struct schedule *s, const void *text, size_t n)
{
	struct buf again;

	buf_init(&again, 2 * LIMIT_SCHEDULE);
	assert_ok(schedule_format(s, &again));
	assert_int_equal(again.len, n);
	assert_memory_equal(again.p, text, n);
	buf_wipe(&again);
}

static void
every_bit_and_every_truncation(void **state)
{
	struct schedule_fault f;
	struct schedule *s;
	size_t i, bit;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	for (i = 0; i < b.len; i++) {
		assert_err(schedule_parse(b.p, i, &s, &f), ERR_FORMAT);
		assert_non_null(f.why);
		for (bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			f = (struct schedule_fault){0};
			if (schedule_parse(b.p, b.len, &s, &f) == ERR_OK) {
				assert_exact(s, b.p, b.len);
				schedule_free(s);
			} else {
				assert_non_null(f.why);
			}
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	assert_ok(schedule_parse(b.p, b.len, &s, &f));
	assert_exact(s, b.p, b.len);
	schedule_free(s);
	buf_wipe(&b);
}

/* One line changed: which line is blamed, and with which word. */
static const struct edit {
	size_t at;
	const char *with;
	size_t line;
	const char *why;
} edits[] = {
    {1, "sealslot-keys 2", 1, "isn't a schedule"},
    {1, NULL, 1, "isn't a schedule"},
    {2, "instance: sealslot.onion", 2, "onion"},
    {2, "instance: sealslotsealslotsealslotsealslotsealslotsealslotsealslaa.onion", 2, "onion"},
    {2, "instance: sealslotsealslotsealslotsealslotsealslotsealslotseals1ad.onion", 2, "onion"},
    {2, "instance: Sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion", 2, "onion"},
    {2, "instance: % ", 2, "onion"},
    {2, NULL, 2, "instance"},
    {3, "serial: 0", 3, "serial"},
    {3, "serial: 012", 3, "serial"},
    {3, "serial: 4294967296", 3, "serial"},
    {3, "serial: -1", 3, "serial"},
    {3, "serial:  1", 3, "serial"},
    {3, "serial: 1", 5, "first schedule"},
    {4, "issued: 2026-02-29", 4, "real day"},
    {4, "issued: 2026-3-01", 4, "real day"},
    {5, "previous: 00", 5, "64 hex"},
    {5, "previous: ABCDEF0000000000000000000000000000000000000000000000000000000000", 5, "64 hex"},
    {5, NULL, 5, "previous"},
    {6, "inbox: tips", 6, "inbox name"},
    {6, "inbox: Tips x", 6, "inbox name"},
    {6, "inbox: unknown Whatever", 6, "no inbox may have the name \"unknown\""},
    {6, "inbox: abcdefghijklmnopqrstuvwxy x", 6, "inbox name"},
    {6, "inbox:  x", 6, "inbox name"},
    {6, "inbox: tips ", 6, "title"},
    {6, "inbox: tips  x", 6, "title"},
    {6, "inbox: tips x ", 6, "title"},
    {6, "inbox: tips a\tb", 6, "title"},
    {6, "inbox: tips a\033[31mb", 6, "title"},
    {6,
	"inbox: tips a\xe2\x80\xae"
	"b",
	6, "title"},
    {6, "inbox: tips \xc3", 6, "title"},
    {6, "inbox: tips \xed\xa0\x80", 6, "title"},
    {7, "inbox: tips Another", 7, "same name"},
    {7, "inbox: news News", 11, "no \"inbox:\" line"},
    {7, "epoch: tips 30 2026-02-16 2026-03-02 @7", 11, "no \"inbox:\" line"},
    {8, "epoch: tips 31 2026-03-02 2026-03-16", 8, "too few"},
    {8, "epoch: tips 31 2026-03-02 2026-03-16 @1 ", 8, "recipient"},
    {8, "epoch: tips 31 2026-03-02  2026-03-16 @1", 8, "date"},
    {8, "epoch: tips 0 2026-03-02 2026-03-16 @1", 8, "epoch isn't a number"},
    {8, "epoch: tips 031 2026-03-02 2026-03-16 @1", 8, "epoch isn't a number"},
    {8, "epoch: tips 31 2026-02-30 2026-03-16 @1", 8, "real day"},
    {8, "epoch: tips 31 2026-03-16 2026-03-16 @1", 8, "ends before"},
    {8, "epoch: tips 31 2026-03-16 2026-03-02 @1", 8, "ends before"},
    {8, "epoch: tips 31 2026-03-02 2027-03-04 @1", 8, "366"},
    {8, "epoch: tips 31 2026-03-02 2026-03-16 age1qqqq", 8, "recipient"},
    {8, "epoch: tips 31 2026-03-02 2026-03-15 @1", 9, "other dates"},
    {8, "epoch: tips 32 2026-03-02 2026-03-16 @1", 9, "doesn't follow"},
    {8, NULL, 0, NULL},
    {9, "epoch: tips 31 2026-03-02 2026-03-16 @1", 9, "another epoch line"},
    {9, "epoch: arts-2 31 2026-03-02 2026-03-16 @2", 10, "order of the inboxes"},
    {10, "epoch: tips 33 2026-03-16 2026-03-30 @3", 10, "doesn't follow"},
    {10, "epoch: tips 30 2026-03-16 2026-03-30 @3", 10, "doesn't follow"},
    {10, "epoch: tips 32 2026-03-17 2026-03-30 @3", 10, "gap"},
    {10, "epoch: tips 32 2026-03-15 2026-03-30 @3", 10, "overlap"},
    {10, "epoch: tips 32 2026-03-16 2026-03-30 @1", 10, "another epoch line"},
    {10, "epoch: tips 32 2026-03-16 2026-03-30 @6", 10, "revoked recipient"},
    {11, NULL, 11, "for each inbox"},
    {11, "epoch: arts-2 1 2026-03-02 2026-06-01 @3", 11, "another epoch line"},
    {11, "Epoch: arts-2 1 2026-03-02 2026-06-01 @4", 11, "for each inbox"},
    {12, "revoked: tips 29 @4", 11, "revoked recipient"},
    {12, "revoked: tips 32 @5", 13, "order of inbox and number"},
    {12, "revoked: arts-2 29 @5", 13, "order of inbox and number"},
    {12, "revoked: tips @5", 12, "too few"},
    {12, "revoked: nobody 29 @5", 12, "no \"inbox:\" line"},
    {13, "revoked: tips 31 @5", 13, "revoked twice"},
    {14, "replykey: #2", 15, "stands twice"},
    {14, "replykey: RWRpcgQCQmJ+i8M3DyrWzDgOmlYPeu0s+o/OVKB+89swO3q2KuqAES8A", 14, "reply key"},
    {14, "replykey: RWQ", 14, "reply key"},
    {15, "epoch: arts-2 2 2026-06-01 2026-06-15 @8", 15, "wrong place"},
    {15, "inbox: more More", 15, "wrong place"},
    {15, "end", 16, "follows the end"},
    {16, "end ", 16, "wrong place"},
    {16, "end\n\n", 17, "follows the end"},
    {16, "END", 16, "wrong place"},
    {16, NULL, 16, "too early"},
    {3, "serial: 12\r", 3, "carriage return"},
};

static void
faults_name_line_and_reason(void **state)
{
	struct schedule_fault f;
	struct schedule *s;
	struct buf b;
	size_t i;
	enum err e;

	(void)state;
	for (i = 0; i < sizeof edits / sizeof *edits; i++) {
		s = NULL;
		f = (struct schedule_fault){0};
		buf_init(&b, 8192);
		text_edit(&b, example, edits[i].at, edits[i].with);
		e = schedule_parse(b.p, b.len, &s, &f);
		if (edits[i].why == NULL) {
			assert_ok(e);
			schedule_free(s);
		} else if (e == ERR_OK || f.line != edits[i].line ||
			   strstr(f.why, edits[i].why) == NULL) {
			fail_msg("edit %zu (line %zu): error %d, line %zu: %s", i, edits[i].at,
			    (int)e, f.line, f.why == NULL ? "" : f.why);
		}
		buf_wipe(&b);
	}
}

static void
nul_is_refused(void **state)
{
	struct schedule_fault f;
	struct schedule *s;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	text_expand(&b, example);
	*(char *)memmem(b.p, b.len, "desk", 4) = '\0';
	assert_err(schedule_parse(b.p, b.len, &s, &f), ERR_FORMAT);
	assert_int_equal(f.line, 6);
	buf_wipe(&b);
}

#define HEAD "sealslot-keys 1\ninstance: %\nserial: 12\nissued: 2026-03-01\nprevious: !1\n"

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

/* ---- one after another */

static enum err
follows(const char *current, size_t at, const char *with, bool *is_gap)
{
	uint8_t ch[HASH_LEN], nh[HASH_LEN];
	struct schedule *c, *n = NULL;
	struct schedule_fault f;
	struct buf b;
	enum err e;

	c = parse_ok(current);
	buf_init(&b, 8192);
	text_expand(&b, current);
	hash_256(ch, b.p, b.len);
	buf_wipe(&b);
	text_edit(&b, current, at, with);
	hash_256(nh, b.p, b.len);
	if (schedule_parse(b.p, b.len, &n, &f) != ERR_OK)
		fail_msg("line %zu: %s", f.line, f.why);
	if (n->serial == c->serial + 1)
		memcpy(n->previous, ch, HASH_LEN);
	e = schedule_may_follow(c, ch, n, nh, is_gap);
	buf_wipe(&b);
	schedule_free(c);
	schedule_free(n);
	return e;
}

static void
serials_only_go_up(void **state)
{
	bool gap = true;

	(void)state;
	assert_ok(follows(example, 3, "serial: 13", &gap));
	assert_false(gap);
	assert_ok(follows(example, 3, "serial: 14", &gap));
	assert_true(gap);
	assert_ok(follows(example, 3, "serial: 12", &gap)); /* identical bytes */
	assert_false(gap);
	gap = true;
	assert_err(follows(example, 3, "serial: 11", &gap), ERR_ROLLBACK);
	assert_err(follows(example, 4, "issued: 2026-03-02", &gap), ERR_FORK);
	assert_true(gap);
}

static void
hash_chain_must_match(void **state)
{
	struct schedule *c = parse_ok(example), *n = parse_ok(example);
	uint8_t ch[HASH_LEN] = {1}, nh[HASH_LEN] = {2};
	bool gap;

	(void)state;
	n->serial++;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_AUTH);
	memcpy(n->previous, ch, HASH_LEN);
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	n->instance[0] = 'a';
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_USAGE);
	schedule_free(c);
	schedule_free(n);
}

static void
epochs_never_move_and_the_revoked_stay_so(void **state)
{
	static const char later[] = HEAD "inbox: b B\ninbox: a A\n"
					 "epoch: b 1 2026-01-01 2026-01-15 @9\n"
					 "epoch: a 1 2026-01-01 2026-01-15 @1\n"
					 "epoch: a 2 2026-01-15 2026-01-29 @2\n"
					 "revoked: a 1 @3\nend\n";
	struct schedule *c = parse_ok(later), *n = parse_ok(later);
	uint8_t ch[HASH_LEN] = {1}, nh[HASH_LEN] = {2};
	struct schedule_epoch *last = &n->epochs[2];
	bool gap;

	(void)state;
	n->serial += 2;
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	assert_non_null(strstr(schedule_follow_text(ERR_PROFILE), "revoked"));
	assert_string_not_equal(schedule_follow_text(ERR_FORK), schedule_follow_text(ERR_ROLLBACK));
	last->end++;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	last->end--;
	last->start--;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	last->start++;
	text_key(last->recipient, 77); /* a replacement for a stolen key */
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	text_key(last->recipient, 3);
	n->n_revoked = 0;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	text_key(last->recipient, 2);
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	n->issued = c->issued - 1;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	schedule_free(c);
	schedule_free(n);
}

/* ---- signatures */

static void
sign(const struct buf *text, const char *comment, const uint8_t *sk, const struct minisign_key *k,
    struct buf *out)
{
	uint8_t hash[64], sig[74] = {'E', 'D'}, all[64 + 256], global[64];
	char line[200];

	crypto_generichash(hash, sizeof hash, text->p, text->len, NULL, 0);
	memcpy(sig + 2, k->keyid, MINISIGN_KEYID);
	crypto_sign_detached(sig + 10, NULL, hash, sizeof hash, sk);
	memcpy(all, sig + 10, 64);
	memcpy(all + 64, comment, strlen(comment));
	crypto_sign_detached(global, NULL, all, 64 + strlen(comment), sk);
	text_b64_pad(line, sig, sizeof sig);
	assert_ok(buf_addf(out, "untrusted comment: x\n%s\ntrusted comment: %s\n", line, comment));
	text_b64_pad(line, global, sizeof global);
	assert_ok(buf_addf(out, "%s\n", line));
}

static enum err
verify(const char *text, const char *comment, int which, struct schedule_fault *f)
{
	uint8_t pk[32], sk[64], seed[32] = {42};
	struct schedule *s = NULL;
	struct minisign_key k, other;
	struct buf t, sig;
	enum err e;

	crypto_sign_seed_keypair(pk, sk, seed);
	minisign_key_init(&k, pk);
	seed[0]++;
	crypto_sign_seed_keypair(pk, sk + 0, (const uint8_t[32]){43});
	minisign_key_init(&other, pk);
	crypto_sign_seed_keypair(pk, sk, (const uint8_t[32]){42});
	buf_init(&t, 8192);
	buf_init(&sig, 8192);
	text_expand(&t, text);
	sign(&t, comment, sk, &k, &sig);
	if (which == 1)
		t.p[t.len - 6] ^= 1;
	if (which == 2)
		sig.len--;
	*f = (struct schedule_fault){0};
	e = schedule_verify(&t, &sig, which == 3 ? &other : &k, &s, f);
	assert_int_equal(e == ERR_OK, s != NULL);
	schedule_free(s);
	buf_wipe(&t);
	buf_wipe(&sig);
	return e;
}

static void
verify_demands_text_comment_and_key(void **state)
{
	static const char comment[] = "sealslot-keys serial:12 instance:" TEXT_INSTANCE;
	char got[SCHEDULE_COMMENT_MAX + 1];
	struct schedule_fault f;
	struct schedule *s;

	(void)state;
	assert_ok(verify(example, comment, 0, &f));
	assert_err(verify(example, comment, 1, &f), ERR_AUTH);
	assert_non_null(strstr(f.why, "changed"));
	assert_err(verify(example, comment, 2, &f), ERR_FORMAT);
	assert_non_null(strstr(f.why, "damaged"));
	assert_err(verify(example, comment, 3, &f), ERR_NOMATCH);
	assert_non_null(strstr(f.why, "another key"));
	assert_err(
	    verify(example, "sealslot-keys serial:13 instance:" TEXT_INSTANCE, 0, &f), ERR_AUTH);
	assert_non_null(strstr(f.why, "comment"));
	assert_err(verify("sealslot-keys 1\nend\n", comment, 0, &f), ERR_FORMAT);
	assert_int_equal(f.line, 2);
	s = parse_ok(example);
	assert_ok(schedule_comment(s, got, sizeof got));
	assert_string_equal(got, comment);
	assert_err(schedule_comment(s, got, strlen(comment)), ERR_LIMIT);
	schedule_free(s);
}

static void
small_buffers_fail_whole(void **state)
{
	struct schedule *s = parse_ok(example);
	struct buf b;
	size_t n;

	(void)state;
	for (n = 0; n < 700; n += 13) {
		buf_init(&b, n);
		assert_err(schedule_format(s, &b), ERR_LIMIT);
		assert_int_equal(b.len, 0);
		buf_wipe(&b);
	}
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_field),
	    cmocka_unit_test(every_bit_and_every_truncation),
	    cmocka_unit_test(faults_name_line_and_reason),
	    cmocka_unit_test(nul_is_refused),
	    cmocka_unit_test(counts_are_limited),
	    cmocka_unit_test(epochs_and_bytes_are_limited),
	    cmocka_unit_test(long_lines_and_titles),
	    cmocka_unit_test(leap_years_and_year_ends),
	    cmocka_unit_test(current_switches_at_midnight),
	    cmocka_unit_test(last_day_is_that_of_the_poorest_inbox),
	    cmocka_unit_test(serials_only_go_up),
	    cmocka_unit_test(hash_chain_must_match),
	    cmocka_unit_test(epochs_never_move_and_the_revoked_stay_so),
	    cmocka_unit_test(verify_demands_text_comment_and_key),
	    cmocka_unit_test(small_buffers_fail_whole),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
