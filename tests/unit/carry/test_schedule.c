#include "schedule_rig.h"

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
	    cmocka_unit_test(small_buffers_fail_whole),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
