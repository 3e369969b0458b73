#include "front/view.h"

#include <stdio.h>
#include <string.h>

#include "front/model.h"
#include "front/submit.h"

enum err
view_form(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	form_token_random(v.token);
	v.m.value[PAGE_TOKEN] = v.token;
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

/* Where one can go from an error: to sign in, to a new form, or nowhere. */
static void
set_way_out(struct model *v, const struct request *r, enum page_value which)
{
	bool is_foreign = which == PAGE_TOR2WEB || which == PAGE_HOST || which == PAGE_CROSS_SITE;
	bool is_for_mailbox = strcmp(r->path, SUBMIT_MAILBOX_PATH) == 0;

	if (which == PAGE_SESSION_OVER || which == PAGE_MAILBOX_BUSY)
		v->m.value[PAGE_SIGN_IN_AGAIN] = "1";
	else if (which == PAGE_SENT_BEFORE && is_for_mailbox)
		v->m.value[PAGE_TO_MAILBOX] = "1";
	else if (!is_foreign && !(r->is_framed && v->m.value[PAGE_UPLOAD] != NULL))
		v->m.value[PAGE_TO_FORM] = "1";
	if (which == PAGE_NO_ROOM && !is_for_mailbox)
		v->m.value[PAGE_MAY_SIGN_IN] = "1";
}

enum err
view_error(const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	v.m.value[which] = "1";
	set_way_out(&v, r, which);
	return model_render(&v, PAGE_ERROR, status_of(which), a);
}

enum err
view_upload_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct model v;

	model_init(&v, s, r);
	v.m.value[which] = v.m.value[PAGE_UPLOAD] = "1";
	set_way_out(&v, r, which);
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
