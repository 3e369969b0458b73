#include "front/view.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "front/model.h"
#include "front/submit.h"

/*
 * The page with the form was loaded again, and its frame with the receipt is gone. Only whoever has
 * the cookie learns that there is one.
 */
static void
set_sent(struct model *v, const struct request *r)
{
	struct receipt_note note;

	if (r->is_framed || strcmp(r->path, "/") != 0 || r->cookie[0] == '\0' ||
	    !receipts_find(v->site->receipts, r->cookie, clock_mono_ms(), &note))
		return;
	v->m.value[PAGE_SENT] = "1";
	v->m.value[PAGE_SIGNED_IN] = note.is_signed_in ? "1" : NULL;
}

enum err
view_form(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	form_token_random(v.token);
	v.m.value[PAGE_TOKEN] = v.token;
	set_sent(&v, r);
	return model_render(&v, PAGE_FORM, 200, a);
}

enum err
view_how(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	return model_render(&v, PAGE_HOW, 200, a);
}

enum err
view_fingerprints(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	return model_render(&v, PAGE_FINGERPRINTS, 200, a);
}

static unsigned
status_of(enum page_value which)
{
	static const unsigned status[PAGE_VALUE_COUNT] = {
	    [PAGE_BAD_REQUEST] = 400,
	    [PAGE_HEADER_TOO_LARGE] = 431,
	    [PAGE_NOT_FOUND] = 404,
	    [PAGE_METHOD] = 405,
	    [PAGE_LENGTH] = 411,
	    [PAGE_VERSION] = 505,
	    [PAGE_EXPECT] = 417,
	    [PAGE_HOST] = 421,
	    [PAGE_TOR2WEB] = 403,
	    [PAGE_NO_RECEIPT] = 404,
	    [PAGE_EMPTY] = 400,
	    [PAGE_DAMAGED] = 400,
	    [PAGE_STALE] = 400,
	    [PAGE_MESSAGE_TOO_LONG] = 413,
	    [PAGE_TOO_MANY_FILES] = 413,
	    [PAGE_TOO_LARGE] = 413,
	    /* Browsers send again what was answered with 408. */
	    [PAGE_TOO_SLOW] = 503,
	    [PAGE_NO_KEY] = 503,
	    [PAGE_NO_ROOM] = 507,
	    [PAGE_CLOSED] = 503,
	    [PAGE_BUSY] = 503,
	    [PAGE_NOT_CONFIRMED] = 503,
	    [PAGE_ARRIVING] = 409,
	    [PAGE_BROKEN_OFF] = 503,
	    [PAGE_SENT_BEFORE] = 409,
	    [PAGE_RESTARTING] = 503,
	    [PAGE_SESSION_OVER] = 403,
	    [PAGE_MAILBOX_BUSY] = 503,
	    [PAGE_CROSS_SITE] = 403,
	};

	return status[which];
}

static bool
is_submit(const struct request *r)
{
	return strcmp(r->path, SUBMIT_PATH) == 0 || strcmp(r->path, SUBMIT_MAILBOX_PATH) == 0;
}

/* Where one can go from an error; PAGE_SITE: nowhere, or the text says where. */
static enum page_value
way_out(const struct request *r, enum page_value which)
{
	bool is_form_beside = r->is_framed && is_submit(r);
	bool is_for_mailbox = strcmp(r->path, SUBMIT_MAILBOX_PATH) == 0;

	if (which == PAGE_TOR2WEB || which == PAGE_HOST || which == PAGE_CROSS_SITE)
		return PAGE_SITE;
	if (which == PAGE_SESSION_OVER || which == PAGE_MAILBOX_BUSY)
		return PAGE_SIGN_IN_AGAIN;
	/* Such a form is of no use any more. */
	if (which == PAGE_STALE || which == PAGE_SENT_BEFORE)
		return is_for_mailbox ? PAGE_TO_MAILBOX : PAGE_TO_FORM;
	if (is_form_beside)
		return PAGE_SITE;
	if (which == PAGE_RESTARTING)
		return PAGE_TRY_AGAIN;
	/* The form itself is what there is not. */
	if (which == PAGE_NO_KEY || which == PAGE_CLOSED)
		return PAGE_MAY_READ;
	return which == PAGE_NO_ROOM && !is_submit(r) ? PAGE_SITE : PAGE_TO_FORM;
}

/* Can what the form beside it still holds be sent from there? */
static bool
is_form_good(enum page_value which)
{
	return which != PAGE_SESSION_OVER && which != PAGE_STALE && which != PAGE_ARRIVING &&
	       which != PAGE_SENT_BEFORE;
}

static bool
is_to_be_changed(enum page_value which)
{
	return which == PAGE_MESSAGE_TOO_LONG || which == PAGE_TOO_MANY_FILES ||
	       which == PAGE_TOO_LARGE || which == PAGE_TOO_SLOW;
}

static void
set_ways(struct model *v, const struct request *r, enum page_value which)
{
	enum page_value way = way_out(r, which);

	if (way != PAGE_SITE)
		v->m.value[way] = "1";
	if (which == PAGE_NO_ROOM && strcmp(r->path, SUBMIT_MAILBOX_PATH) != 0)
		v->m.value[PAGE_MAY_SIGN_IN] = "1";
	if (!r->is_framed)
		return;
	v->m.value[PAGE_BESIDE] = "1";
	v->m.value[PAGE_STILL] = is_submit(r) && is_form_good(which) ? "1" : NULL;
	v->m.value[PAGE_CHANGE] = is_to_be_changed(which) ? "1" : NULL;
}

enum err
view_error(const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	v.m.value[which] = "1";
	set_ways(&v, r, which);
	set_sent(&v, r);
	return model_render(&v, PAGE_ERROR, status_of(which), a);
}

enum err
view_upload_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	v.m.value[which] = v.m.value[PAGE_UPLOAD] = "1";
	set_ways(&v, r, which);
	return model_render(&v, PAGE_ERROR, status_of(which), a);
}

enum err
view_static(enum page_id page, enum answer_type type, struct answer *a)
{
	struct page_model none = {0};

	answer_init(a, 200);
	a->type = type;
	return page_render(&a->body, 0, page, &none);
}

void
view_redirect(const struct site *s, const struct request *r, const char *path, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	answer_init(a, 303);
	a->may_be_framed = true;
	if (r->is_framed)
		snprintf(a->location, sizeof a->location, "%s?f=1%s", path, v.and_lang);
	else
		snprintf(a->location, sizeof a->location, "%s%s", path, v.q);
}
