#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "front/model.h"
#include "front/receipts.h"
#include "front/submit.h"
#include "front/submit_page.h"
#include "front/view.h"

/*
 * The frame beside the form, which asks for itself again and again. Its count
 * (?n=) is below COMING while nothing has come, and above it afterwards, so that
 * it is quick again when there is something to see.
 */
#define COMING     500
#define MINUTE_SEC 60

/*
 * Every 2 s at first, then slower. Whoever wrote for half an hour and has pressed
 * the button must soon see that it works, so that waiting never gets as slow.
 */
static unsigned
delay_of(unsigned turn, bool is_coming)
{
	unsigned sec = turn < 5 ? 2 : 2 * (turn - 3);
	unsigned most = is_coming ? 30 : 6;

	return sec < most ? sec : most;
}

static void
ask_again(const struct model *v, const struct request *r, bool is_coming, struct answer *a)
{
	bool was_coming = r->turn >= COMING;
	unsigned base = is_coming ? COMING : 0;
	unsigned turn = was_coming == is_coming ? r->turn - base : 0;
	unsigned next = base + (turn < LIMIT_PROGRESS_TURNS ? turn + 1 : turn);

	snprintf(a->refresh, sizeof a->refresh, "%u; url=/progress?t=%s&f=1&n=%u%s",
	    delay_of(turn, is_coming), r->token, next, v->and_lang);
}

/* From the time that it took so far. */
static void
set_time_left(struct model *v, const struct submit_seen *seen)
{
	uint64_t sec;

	/* Too early to say. */
	if (seen->done == 0 || seen->ms < 3000)
		return;
	sec = (uint64_t)((double)(seen->total - seen->done) * (double)seen->ms /
			 (double)seen->done / 1000.0);
	if (sec < 2 * MINUTE_SEC) {
		v->m.value[PAGE_MINUTE] = "1";
		return;
	}
	if (sec < 120 * MINUTE_SEC) {
		snprintf(v->left, sizeof v->left, "%u", (unsigned)(sec / MINUTE_SEC));
		v->m.value[PAGE_MINUTES] = v->left;
		return;
	}
	snprintf(v->left, sizeof v->left, "%u", (unsigned)(sec / 3600));
	v->m.value[PAGE_HOURS] = v->left;
}

/* In KB below 10 MB. Only the total is rounded up: what hasn't come is never called 100 %. */
void
view_progress_seen(struct model *v, const struct submit_seen *seen)
{
	bool is_small = seen->total < 10 * LIMIT_MIB;
	uint64_t unit = is_small ? 1024 : LIMIT_MIB;
	uint64_t percent = seen->total < 100 ? 0 : seen->done / (seen->total / 100);

	if (percent >= 100 && seen->done < seen->total)
		percent = 99;
	snprintf(v->percent, sizeof v->percent, "%u", (unsigned)(percent > 100 ? 100 : percent));
	snprintf(v->done, sizeof v->done, "%llu", (unsigned long long)(seen->done / unit));
	snprintf(v->total, sizeof v->total, "%llu",
	    (unsigned long long)((seen->total + unit - 1) / unit));
	v->m.value[PAGE_COMING] = "1";
	v->m.value[PAGE_IN_KB] = is_small ? "1" : NULL;
	v->m.value[PAGE_PERCENT] = v->percent;
	v->m.value[PAGE_DONE] = v->done;
	v->m.value[PAGE_TOTAL] = v->total;
	set_time_left(v, seen);
}

/* There is no new codename then. */
static bool
went_to_a_mailbox(const struct site *s, const struct request *r)
{
	struct receipt_note note;

	return r->cookie[0] != '\0' &&
	       receipts_find(s->receipts, r->cookie, clock_mono_ms(), &note) && note.is_signed_in;
}

enum err
view_progress(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v, was;
	struct submit_seen seen;
	bool is_coming = false, is_stored;
	unsigned how = 0;
	enum err e;

	model_init(&v, s, r);
	if (r->token[0] == '\0') {
		v.m.value[PAGE_WAITING] = "1";
		return model_render(&v, PAGE_PROGRESS, 200, a);
	}
	if ((is_stored = receipts_knows(s->receipts, r->token, clock_mono_ms()))) {
		v.m.value[PAGE_STORED] = "1";
		v.m.value[PAGE_SIGNED_IN] = went_to_a_mailbox(s, r) ? "1" : NULL;
	} else if ((is_coming = submit_look(s, r->token, &seen))) {
		view_progress_seen(&v, &seen);
	} else if ((how = endings_find(s->endings, r->token, clock_mono_ms())) != 0) {
		v.m.value[PAGE_STOPPED] = v.m.value[PAGE_BESIDE] = v.m.value[how] = "1";
		v.m.value[PAGE_UPLOAD] = submit_page_kept_nothing(how) ? "1" : NULL;
	} else {
		v.m.value[PAGE_WAITING] = "1";
	}
	memcpy(was.and_lang, v.and_lang, sizeof was.and_lang);
	e = model_render(&v, PAGE_PROGRESS, 200, a);
	/* Stored is the end; what was stopped may be sent again from the same form. */
	if (!is_stored)
		ask_again(&was, r, is_coming, a);
	return e;
}

enum err
view_slot(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	return model_render(&v, PAGE_SLOT, 200, a);
}
