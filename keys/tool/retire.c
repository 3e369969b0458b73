#include "retire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/limits.h"

#define NAMED_ITEMS 3 /* ids that a reason names */
#define ID_DIGITS   8

/* ---- the epochs that there are */

static enum err
list_epochs(const struct keyring *ring, struct retire_plan *out)
{
	struct retire_epoch *e = NULL;
	size_t i;

	if ((out->p = calloc(ring->n + 1, sizeof *out->p)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < ring->n; i++) {
		if (e == NULL ||
		    needs_compare(e->inbox, e->number, ring->p[i].inbox, ring->p[i].number) != 0) {
			e = &out->p[out->n++];
			memcpy(e->inbox, ring->p[i].inbox, sizeof e->inbox);
			e->number = ring->p[i].number;
			e->first = i;
		}
		e->n++;
	}
	return ERR_OK;
}

/* ---- what one vault says */

static void
stays(struct retire_epoch *e, const char *why)
{
	e->verdict = RETIRE_STAYS;
	snprintf(e->why, sizeof e->why, "%s", why);
}

/* An inbox that the vault can't place could be any. */
static bool
concerns(const struct need *n, const struct needs_item *i, const struct retire_epoch *e)
{
	if (!need_has_inbox(n, i->inbox))
		return true;
	return strcmp(i->inbox, e->inbox) == 0 && i->epoch <= e->number;
}

static bool
is_given_up(const struct needs_item *i, const struct retire_request *q)
{
	return q->is_lost_by_choice && i->why != NEEDS_UNREAD;
}

static void
name_items(struct retire_epoch *e, const struct need *n, const struct retire_request *q)
{
	static const char *const words[NEEDS_WHYS] = {
	    "not reviewed", "that never arrived", "that the server may still have"};
	size_t counts[NEEDS_WHYS] = {0}, i, named = 0, at;
	char ids[NAMED_ITEMS * (ID_DIGITS + 2) + 8] = "";
	unsigned why;

	for (i = 0; i < n->n_items; i++) {
		if (!concerns(n, &n->items[i], e) || is_given_up(&n->items[i], q))
			continue;
		counts[n->items[i].why]++;
		at = strlen(ids);
		if (named++ < NAMED_ITEMS)
			snprintf(ids + at, sizeof ids - at, "%s%.*s", at == 0 ? "" : ", ",
			    ID_DIGITS, n->items[i].id);
	}
	e->why[0] = '\0';
	for (why = 0; why < NEEDS_WHYS; why++) {
		at = strlen(e->why);
		if (counts[why] > 0)
			snprintf(e->why + at, sizeof e->why - at, "%s%zu %s", at == 0 ? "" : ", ",
			    counts[why], words[why]);
	}
	at = strlen(e->why);
	snprintf(e->why + at, sizeof e->why - at, ", of it or of earlier ones (%s%s)", ids,
	    named > NAMED_ITEMS ? ", ..." : "");
}

static void
judge_items(struct retire_epoch *e, const struct need *n, const struct retire_request *q)
{
	size_t i;

	for (i = 0; i < n->n_items; i++) {
		if (!concerns(n, &n->items[i], e))
			continue;
		if (!is_given_up(&n->items[i], q)) {
			e->verdict = RETIRE_STAYS;
			name_items(e, n, q);
			return;
		}
		e->is_lossy = true;
	}
}

/*
 * Everything that was sealed to it is on the server's list of that day, or was before. A list from
 * a day that hasn't come is of a clock that runs ahead: then the server still takes uploads.
 */
static bool
is_listed(const struct need *n, int32_t end, int32_t today)
{
	return n->head.inventory != 0 && n->head.inventory_made >= end + LIMIT_UPLOAD_DAYS &&
	       n->head.inventory_made <= today + 1;
}

static void
judge(struct retire_epoch *e, const struct need *n, const struct retire_request *q)
{
	const struct needs_epoch *known = need_epoch(n, e->inbox, e->number);
	char day[DATE_DAY_LEN + 1];

	if (known == NULL) {
		e->verdict = RETIRE_AHEAD;
		return;
	}
	e->end = known->end > e->end ? known->end : e->end;
	if (e->end > q->today) {
		e->verdict = RETIRE_AHEAD;
		return;
	}
	if (is_listed(n, e->end, q->today)) {
		judge_items(e, n, q);
		return;
	}
	date_format(day, e->end + LIMIT_UPLOAD_DAYS);
	e->verdict = RETIRE_STAYS;
	snprintf(e->why, sizeof e->why,
	    "the vault of %.200s needs the server's complete list of %s or later: sealslotd export "
	    "--all, then import it",
	    n->path, day);
}

/* ---- the plan */

static void
decide(struct retire_epoch *e, const struct retire_epoch *before, const struct holders *known,
    const struct retire_request *q)
{
	bool is_same_inbox = before != NULL && strcmp(before->inbox, e->inbox) == 0;
	size_t i;

	if (holders_is_retired(known, e->inbox, e->number)) {
		e->verdict = RETIRE_BEGUN;
		return;
	}
	e->verdict = q->n_needs == 0 ? RETIRE_AHEAD : RETIRE_GOES;
	for (i = 0; i < q->n_needs && e->verdict == RETIRE_GOES; i++)
		judge(e, &q->needs[i], q);
	/* Epochs end in their order: what was sealed late to an earlier one may still turn up. */
	if (e->verdict == RETIRE_GOES && is_same_inbox && before->verdict != RETIRE_GOES &&
	    before->verdict != RETIRE_BEGUN)
		stays(e, "an earlier epoch of this inbox stays");
}

enum err
retire_plan(const struct keyring *ring, const struct holders *known, const struct retire_request *q,
    struct retire_plan *out)
{
	struct retire_plan p = {0};
	enum err e;
	size_t i;

	if ((e = list_epochs(ring, &p)) != ERR_OK)
		return e;
	for (i = 0; i < p.n; i++)
		decide(&p.p[i], i == 0 ? NULL : &p.p[i - 1], known, q);
	*out = p;
	return ERR_OK;
}

void
retire_wipe(struct retire_plan *p)
{
	free(p->p);
	*p = (struct retire_plan){0};
}

size_t
retire_count(const struct retire_plan *p, enum retire_verdict verdict)
{
	size_t n = 0, i;

	for (i = 0; i < p->n; i++)
		n += p->p[i].verdict == verdict;
	return n;
}

/* ---- destroying */

enum err
retire_destroy(struct keystore *k, const struct keyring *ring, const struct retire_epoch *e,
    struct tool_fault *f)
{
	enum err err = ERR_OK;
	size_t i;

	/* Recorded first: a run that is cut off here is finished by the next one. */
	if (e->verdict != RETIRE_BEGUN &&
	    (err = record_add(k, f, RECORD_RETIRED " %s %u", e->inbox, e->number)) != ERR_OK)
		return err;
	for (i = 0; i < e->n && err == ERR_OK; i++)
		if ((err = keystore_destroy_key(k, &ring->p[e->first + i])) != ERR_OK)
			tool_refuse(f, err,
			    "Run the same command again: it goes on where it stopped.",
			    "the key of %s %u isn't destroyed: %s", e->inbox, e->number,
			    tool_reason(err));
	return err;
}
