#include "plan.h"

#include <string.h>

#define DAY_MAX 2932896 /* 9999-12-31 */

static enum err
no_memory(struct tool_fault *f)
{
	return tool_refuse(f, ERR_NOMEM, "", "not enough memory");
}

bool
plan_is_open(const struct schedule_epoch *e)
{
	static const uint8_t none[AGE_KEY];

	return memcmp(e->recipient, none, AGE_KEY) == 0;
}

/* ---- the head */

static enum err
add_inbox(struct schedule *s, const struct schedule_inbox *in, struct tool_fault *f)
{
	size_t at;

	if (schedule_find_inbox(s, in->name, &at) == ERR_OK) {
		s->inboxes[at] = *in;
		return ERR_OK;
	}
	if (s->n_inboxes == LIMIT_INBOXES)
		return tool_refuse(
		    f, ERR_LIMIT, "", "a schedule has at most %d inboxes", LIMIT_INBOXES);
	s->inboxes[s->n_inboxes++] = *in;
	return ERR_OK;
}

static enum err
set_head(struct schedule *s, const struct schedule *old, const uint8_t old_hash[static HASH_LEN],
    const struct plan_request *r, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i;

	if (old != NULL && r->today < old->issued)
		return tool_refuse(f, ERR_CLOCK, "Set this machine's clock, then try again.",
		    "today is before the day on which the last schedule was issued");
	memcpy(s->instance, r->instance, sizeof s->instance);
	s->issued = r->today;
	s->serial = 1;
	if (old != NULL) {
		s->serial = old->serial + 1;
		memcpy(s->previous, old_hash, HASH_LEN);
		memcpy(s->inboxes, old->inboxes, sizeof s->inboxes);
		s->n_inboxes = old->n_inboxes;
		memcpy(s->revoked, old->revoked, old->n_revoked * sizeof *s->revoked);
		s->n_revoked = old->n_revoked;
		memcpy(s->reply_keys, old->reply_keys, sizeof s->reply_keys);
		s->n_reply_keys = old->n_reply_keys;
	}
	for (i = 0; i < r->n_inboxes && e == ERR_OK; i++)
		e = add_inbox(s, &r->inboxes[i], f);
	if (e == ERR_OK && s->n_inboxes == 0)
		e = tool_refuse(f, ERR_USAGE, "Give one: --inbox 'tips=Investigations desk'",
		    "the first schedule needs an inbox");
	return e;
}

/* ---- the epochs of one inbox */

struct range {
	const struct schedule_epoch *p; /* old's lines of the inbox */
	size_t n;
};

/* The lines of an inbox; they stand together. */
static struct range
old_lines(const struct schedule *old, const char *inbox)
{
	struct range r = {0};
	size_t i, at;

	if (old == NULL || schedule_find_inbox(old, inbox, &at) != ERR_OK)
		return r;
	for (i = 0; i < old->n_epochs; i++) {
		if (old->epochs[i].inbox != at)
			continue;
		if (r.n == 0)
			r.p = &old->epochs[i];
		r.n++;
	}
	return r;
}

static bool
has_key(const struct plan_request *r, const char *inbox, uint32_t number)
{
	size_t i;

	for (i = 0; i < r->n_have; i++)
		if (r->have[i].number == number && strcmp(r->have[i].inbox, inbox) == 0)
			return true;
	return false;
}

/*
 * Drops what is over and has no key any more. What has one stays, also when all of it is over: an
 * upload that began in it may still be under way, and restore takes what isn't listed for retired.
 */
static struct range
still_listed(struct range old, const char *inbox, const struct plan_request *r)
{
	while (old.n > 0 && old.p[0].end <= r->today && !has_key(r, inbox, old.p[0].number)) {
		old.p++;
		old.n--;
	}
	return old;
}

static enum err
append(struct schedule *s, const struct schedule_epoch *e, struct tool_fault *f)
{
	if (s->n_epochs == LIMIT_EPOCHS)
		return tool_refuse(f, ERR_LIMIT, "Ask for fewer epochs.",
		    "a schedule has at most %d epoch lines", LIMIT_EPOCHS);
	s->epochs[s->n_epochs++] = *e;
	return ERR_OK;
}

/*
 * New inboxes switch keys on the same days as the first one, unless their epochs are shorter and
 * the first of them would be over already.
 */
static int32_t
common_start(const struct schedule *old, int32_t days, int32_t today)
{
	struct schedule_seal seal;

	if (old != NULL && schedule_current(old, 0, today, &seal) == ERR_OK &&
	    seal.start + days > today)
		return seal.start;
	return today;
}

static enum err
check_from(const struct plan_request *r, const char *inbox, int32_t must, struct tool_fault *f)
{
	char day[DATE_DAY_LEN + 1];

	if (!r->has_from || r->from == must)
		return ERR_OK;
	date_format(day, must);
	return tool_refuse(f, ERR_USAGE,
	    "Leave --from away: epochs follow each other by themselves.",
	    "--from would make %s: inbox %s has keys until %s",
	    r->from > must ? "a gap" : "an overlap", inbox, day);
}

/*
 * Behind the last one, and behind what the log calls retired: after a restore without the newest
 * schedule the log knows of later ones.
 */
static uint32_t
next_number(const struct schedule_epoch *last, const char *inbox, const struct plan_request *r)
{
	uint32_t highest = r->known == NULL ? 0 : holders_last_retired(r->known, inbox);

	if (last != NULL && last->number > highest)
		highest = last->number;
	return highest == UINT32_MAX ? UINT32_MAX : highest + 1; /* which add_new refuses */
}

/* Length and first day of the inbox's first new epoch. */
static enum err
next_epoch(const struct schedule *old, struct range all, struct range listed,
    const struct plan_request *r, struct schedule_epoch *e)
{
	const struct schedule_epoch *last = all.n == 0 ? NULL : &all.p[all.n - 1];
	int32_t days = last == NULL ? PLAN_DAYS : last->end - last->start;

	if (r->days != 0)
		days = (int32_t)r->days;
	e->start = r->has_from ? r->from : common_start(old, days, r->today);
	if (r->has_from && listed.n == 0 && last != NULL && e->start < last->end)
		return ERR_USAGE;
	if (listed.n > 0 || (last != NULL && e->start < last->end))
		e->start = last->end;
	e->end = e->start + days;
	return ERR_OK;
}

static uint32_t
count_live(struct range listed, int32_t today)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < listed.n; i++)
		if (listed.p[i].end > today &&
		    (i == 0 || listed.p[i].number != listed.p[i - 1].number))
			n++;
	return n;
}

static enum err
add_new(struct schedule *s, struct schedule_epoch e, uint32_t n, const struct plan_request *r,
    struct tool_fault *f)
{
	int32_t days = e.end - e.start;
	enum err err = ERR_OK;

	if (n > 0 && e.end <= r->today)
		return tool_refuse(f, ERR_USAGE, "Give a later --from.",
		    "inbox %s: its first epoch would be over already", s->inboxes[e.inbox].name);
	for (; n > 0 && err == ERR_OK; n--) {
		if (e.end > DAY_MAX || e.number == UINT32_MAX)
			return tool_refuse(f, ERR_LIMIT, "Ask for fewer epochs.",
			    "inbox %s: the calendar ends", s->inboxes[e.inbox].name);
		err = append(s, &e, f);
		e.number++;
		e.start = e.end;
		e.end += days;
	}
	return err;
}

/*
 * After a pause: epochs that were over before they began, as the dates of an inbox have no gap.
 * Nothing is sealed to them; they have keys like all others.
 */
static enum err
bridge_pause(struct schedule *s, struct schedule_epoch *e, const struct schedule *old,
    const struct plan_request *r, struct tool_fault *f)
{
	int32_t days = e->end - e->start, until = common_start(old, days, r->today);
	enum err err = ERR_OK;

	while (e->start < until && err == ERR_OK) {
		e->end = until - e->start > LIMIT_EPOCH_DAYS ? e->start + LIMIT_EPOCH_DAYS : until;
		err = append(s, e, f);
		e->number++;
		e->start = e->end;
	}
	e->end = e->start + days;
	return err;
}

static enum err
plan_inbox(struct schedule *s, uint32_t inbox, const struct schedule *old,
    const struct plan_request *r, struct tool_fault *f)
{
	const char *name = s->inboxes[inbox].name;
	struct range all = old_lines(old, name), listed = still_listed(all, name, r);
	struct schedule_epoch e = {.inbox = inbox};
	uint32_t live = count_live(listed, r->today);
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < listed.n && err == ERR_OK; i++) {
		struct schedule_epoch kept = listed.p[i];

		kept.inbox = inbox;
		err = append(s, &kept, f);
	}
	if (err != ERR_OK || live >= r->epochs)
		return err;
	if (listed.n > 0 && (err = check_from(r, name, listed.p[listed.n - 1].end, f)) != ERR_OK)
		return err;
	e.number = next_number(all.n == 0 ? NULL : &all.p[all.n - 1], name, r);
	/* The lines of an inbox have no gap. What retire does in order can't come here. */
	if (listed.n > 0 && e.number != listed.p[listed.n - 1].number + 1)
		return tool_refuse(f, ERR_STATE,
		    "Restore the key store again, with the newest schedule: --schedule.",
		    "the log calls %s %u retired, which the last schedule doesn't list yet", name,
		    e.number - 1);
	if (next_epoch(old, all, listed, r, &e) != ERR_OK)
		return tool_refuse(f, ERR_USAGE, "Give a later --from.",
		    "--from would make an overlap with the last epochs of inbox %s", name);
	if (listed.n > 0 && (err = bridge_pause(s, &e, old, r, f)) != ERR_OK)
		return err;
	return add_new(s, e, r->epochs - live, r, f);
}

/* A key of an epoch before all that are listed can't come back, so nobody need be told any more. */
static void
drop_revoked(struct schedule *s)
{
	size_t i, k, n = 0;

	for (i = 0; i < s->n_revoked; i++) {
		for (k = 0; k < s->n_epochs; k++)
			if (s->epochs[k].inbox == s->revoked[i].inbox &&
			    s->epochs[k].number <= s->revoked[i].number)
				break;
		if (k < s->n_epochs)
			s->revoked[n++] = s->revoked[i];
	}
	s->n_revoked = n;
}

enum err
plan_make(const struct schedule *old, const uint8_t old_hash[static HASH_LEN],
    const struct plan_request *r, struct schedule **out, struct tool_fault *f)
{
	struct schedule *s;
	enum err e;
	uint32_t i;

	if ((s = schedule_new()) == NULL)
		return no_memory(f);
	e = set_head(s, old, old_hash, r, f);
	for (i = 0; e == ERR_OK && i < s->n_inboxes; i++)
		e = plan_inbox(s, i, old, r, f);
	if (e != ERR_OK) {
		schedule_free(s);
		return e;
	}
	drop_revoked(s);
	*out = s;
	return ERR_OK;
}
