#ifndef SEALSLOT_TEST_CARRY_SCHEDULE_RIG_H
#define SEALSLOT_TEST_CARRY_SCHEDULE_RIG_H

/* A schedule with a line of each kind, and what is asked of it again and again. */
#include "text_edit.h"

#include "base/limits.h"
#include "carry/schedule.h"

/* The lines before the first inbox. */
#define HEAD "sealslot-keys 1\ninstance: %\nserial: 12\nissued: 2026-03-01\nprevious: !1\n"

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

static inline struct schedule *
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

static inline int32_t
day(const char *s)
{
	int32_t d = 0;

	assert_ok(date_parse(s, strlen(s), &d));
	return d;
}

/* Whatever the parser takes is exactly what format writes. */
static inline void
assert_exact(const struct schedule *s, const void *text, size_t n)
{
	struct buf again;

	buf_init(&again, 2 * LIMIT_SCHEDULE);
	assert_ok(schedule_format(s, &again));
	assert_int_equal(again.len, n);
	assert_memory_equal(again.p, text, n);
	buf_wipe(&again);
}

#endif
