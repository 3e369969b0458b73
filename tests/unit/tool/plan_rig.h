#ifndef SEALSLOT_TEST_TOOL_PLAN_RIG_H
#define SEALSLOT_TEST_TOOL_PLAN_RIG_H

/* What is asked of a plan, and the schedule that it makes of the one before. */
#include "harness.h"

#include "base/hash.h"
#include "base/limits.h"
#include "tool/plan.h"

#define INSTANCE "sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion"

static const uint8_t old_hash[HASH_LEN] = {1, 2, 3};

static inline int32_t
day(const char *s)
{
	int32_t d = 0;

	assert_ok(date_parse(s, strlen(s), &d));
	return d;
}

static inline struct plan_request
request(const char *today)
{
	return (struct plan_request){
	    .instance = INSTANCE, .today = day(today), .epochs = PLAN_EPOCHS};
}

static inline void
ask_inbox(struct plan_request *r, const char *name)
{
	struct schedule_inbox *in = &r->inboxes[r->n_inboxes++];

	snprintf(in->name, sizeof in->name, "%s", name);
	snprintf(in->title, sizeof in->title, "Title of %s", name);
}

/* Gives each open entry a recipient of its own, as the ceremony does. */
static inline void
fill(struct schedule *s)
{
	char seed[64];
	size_t i;

	for (i = 0; i < s->n_epochs; i++)
		if (plan_is_open(&s->epochs[i])) {
			snprintf(seed, sizeof seed, "%s %u", s->inboxes[s->epochs[i].inbox].name,
			    s->epochs[i].number);
			hash_256(s->epochs[i].recipient, seed, strlen(seed));
		}
}

/* The next schedule, which must be one that the parser takes. */
static inline struct schedule *
plan(const struct schedule *old, const struct plan_request *r)
{
	struct schedule_fault why = {0};
	struct schedule *s = NULL, *again = NULL;
	struct tool_fault f = {0};
	struct buf text;

	if (plan_make(old, old_hash, r, &s, &f) != ERR_OK)
		fail_msg("%s", f.what);
	fill(s);
	buf_init(&text, LIMIT_SCHEDULE);
	assert_ok(schedule_format(s, &text));
	if (schedule_parse(text.p, text.len, &again, &why) != ERR_OK)
		fail_msg("line %zu: %s", why.line, why.why);
	buf_wipe(&text);
	schedule_free(again);
	return s;
}

static inline void
refuses(const struct schedule *old, const struct plan_request *r, enum err e, const char *why)
{
	struct schedule *s = NULL;
	struct tool_fault f = {0};

	assert_err(plan_make(old, old_hash, r, &s, &f), e);
	assert_null(s);
	if (strstr(f.what, why) == NULL)
		fail_msg("\"%s\" isn't in: %s", why, f.what);
}

#endif
