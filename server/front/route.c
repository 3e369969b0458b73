#include "front/route.h"

#include <string.h>

#include "front/submit.h"
#include "front/view.h"
#include "front/visit.h"

#define GET  (1u << REQUEST_GET | 1u << REQUEST_HEAD)
#define POST (1u << REQUEST_POST)

/* page answers at once; what has a body, or no page, becomes a task, if admit (NULL: always) lets
 * it. */
struct route {
	const char *path;
	unsigned methods;
	enum err (*page)(struct site *s, const struct request *r, struct answer *a);
	enum err (*admit)(const struct site *s, const struct request *r, struct answer *a);
	enum err (*begin)(struct site *s, const struct request *r, const struct task_owner *owner,
	    struct task **out);
};

static enum err
get_form(struct site *s, const struct request *r, struct answer *a)
{
	if (s->is_draining || !s->has_store)
		return view_error(s, r, PAGE_RESTARTING, a);
	if (!site_has_key(s))
		return view_error(s, r, PAGE_NO_KEY, a);
	if (!s->is_writable)
		return view_error(s, r, PAGE_CLOSED, a);
	if (s->room == 0)
		return view_error(s, r, PAGE_NO_ROOM, a);
	return view_form(s, r, a);
}

static enum err
get_submit(struct site *s, const struct request *r, struct answer *a)
{
	if (r->method == REQUEST_POST) /* without a body */
		return view_upload_error(s, r, PAGE_DAMAGED, a);
	view_redirect(s, r, "/", a); /* a reload of an error page */
	return ERR_OK;
}

static enum err
get_to_mailbox(struct site *s, const struct request *r, struct answer *a)
{
	if (r->method == REQUEST_POST) /* without a body */
		return view_error(s, r, PAGE_STALE, a);
	view_redirect(s, r, "/mailbox", a);
	return ERR_OK;
}

static enum err
get_sign_in(struct site *s, const struct request *r, struct answer *a)
{
	if (r->method == REQUEST_POST)
		return view_error(s, r, PAGE_STALE, a);
	return view_sign_in(s, r, NULL, "", a);
}

static enum err
get_progress(struct site *s, const struct request *r, struct answer *a)
{
	return view_progress(s, r, a);
}

static enum err
get_slot(struct site *s, const struct request *r, struct answer *a)
{
	return view_slot(s, r, a);
}

static enum err
get_how(struct site *s, const struct request *r, struct answer *a)
{
	return view_how(s, r, a);
}

static enum err
get_fingerprints(struct site *s, const struct request *r, struct answer *a)
{
	return view_fingerprints(s, r, a);
}

static enum err
get_bytes(const struct buf *b, struct answer *a)
{
	answer_init(a, 200);
	a->type = ANSWER_TEXT;
	return buf_add(&a->body, b->p, b->len);
}

static enum err
get_keys(struct site *s, const struct request *r, struct answer *a)
{
	return s->schedule == NULL ? view_error(s, r, PAGE_NO_KEY, a) : get_bytes(&s->keys, a);
}

static enum err
get_signature(struct site *s, const struct request *r, struct answer *a)
{
	return s->schedule == NULL ? view_error(s, r, PAGE_NO_KEY, a) : get_bytes(&s->signature, a);
}

static enum err
get_qr(struct site *s, const struct request *r, struct answer *a)
{
	enum err e = get_bytes(&s->root_qr, a);

	(void)r;
	a->type = ANSWER_PNG;
	return e;
}

static enum err
get_logo(struct site *s, const struct request *r, struct answer *a)
{
	enum err e;

	if (s->logo == NULL || s->logo->len == 0)
		return view_error(s, r, PAGE_NOT_FOUND, a);
	e = get_bytes(s->logo, a);
	a->type = ANSWER_PNG;
	return e;
}

static enum err
get_style(struct site *s, const struct request *r, struct answer *a)
{
	(void)s;
	(void)r;
	return view_static(PAGE_STYLE, ANSWER_CSS, a);
}

static enum err
get_robots(struct site *s, const struct request *r, struct answer *a)
{
	(void)s;
	(void)r;
	return view_static(PAGE_ROBOTS, ANSWER_TEXT, a);
}

static const struct route routes[] = {
    {"/", GET, get_form, NULL, NULL},
    {SUBMIT_PATH, GET | POST, get_submit, submit_admit, submit_new},
    {SUBMIT_MAILBOX_PATH, GET | POST, get_to_mailbox, submit_admit, submit_new},
    {"/receipt", GET, NULL, NULL, visit_receipt},
    {"/sign-in", GET | POST, get_sign_in, visit_admit, visit_sign_in},
    {"/mailbox", GET, NULL, NULL, visit_mailbox},
    {"/mailbox/remove", GET | POST, get_to_mailbox, visit_admit, visit_remove},
    {"/sign-out", GET | POST, get_to_mailbox, visit_admit, visit_sign_out},
    {"/progress", GET, get_progress, NULL, NULL},
    {"/slot", GET, get_slot, NULL, NULL},
    {"/how", GET, get_how, NULL, NULL},
    {"/fingerprints", GET, get_fingerprints, NULL, NULL},
    {"/fingerprint.png", GET, get_qr, NULL, NULL},
    {"/logo.png", GET, get_logo, NULL, NULL},
    {"/keys", GET, get_keys, NULL, NULL},
    {"/keys.minisig", GET, get_signature, NULL, NULL},
    {"/static/style.css", GET, get_style, NULL, NULL},
    {"/robots.txt", GET, get_robots, NULL, NULL},
};

static const struct route *
find(const struct request *r)
{
	size_t i;

	for (i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (strcmp(routes[i].path, r->path) == 0)
			return &routes[i];
	return NULL;
}

static bool
is_task(const struct route *route, const struct request *r)
{
	return route->begin != NULL && (r->body_len > 0 || route->page == NULL);
}

/* What is wrong with a request; PAGE_SITE: nothing. */
static enum page_value
objection(const struct site *s, const struct request *r, enum request_fault f)
{
	const struct route *route;

	switch (f) {
	case REQUEST_OK: break;
	case REQUEST_MALFORMED: return PAGE_BAD_REQUEST;
	case REQUEST_TOO_LONG: return PAGE_HEADER_TOO_LARGE;
	case REQUEST_BAD_METHOD: return PAGE_METHOD;
	case REQUEST_BAD_VERSION: return PAGE_VERSION;
	case REQUEST_NO_LENGTH: return PAGE_LENGTH;
	case REQUEST_BAD_EXPECT: return PAGE_EXPECT;
	}
	/* A gateway is told so even if it also changes the host. */
	if (r->is_tor2web)
		return PAGE_TOR2WEB;
	if (!site_is_host(s, r->host))
		return PAGE_HOST;
	/* The cookie doesn't come along with such a request; a form without it must not work
	 * either. */
	if (r->is_cross_site && r->method == REQUEST_POST)
		return PAGE_CROSS_SITE;
	if ((route = find(r)) == NULL)
		return PAGE_NOT_FOUND;
	return (route->methods & 1u << r->method) == 0 ? PAGE_METHOD : PAGE_SITE;
}

/* RFC 9110 wants the methods of the page named; one that doesn't exist has all of ours. */
static const char *
allowed(const struct request *r)
{
	const struct route *route = find(r);

	return route == NULL || (route->methods & POST) != 0 ? "GET, HEAD, POST" : "GET, HEAD";
}

enum err
route_admit(const struct site *s, const struct request *r, enum request_fault f, struct answer *a)
{
	enum page_value which = objection(s, r, f);
	const struct route *route = find(r);
	enum err e;

	if (which == PAGE_SITE)
		return is_task(route, r) && route->admit != NULL ? route->admit(s, r, a) : ERR_OK;
	if ((e = view_error(s, r, which, a)) != ERR_OK) {
		answer_wipe(a);
		return e;
	}
	if (which == PAGE_METHOD)
		a->allow = allowed(r);
	return ERR_STATE;
}

enum err
route_begin(struct site *s, const struct request *r, const struct task_owner *owner,
    struct task **out, struct answer *a)
{
	const struct route *route = find(r);
	enum err e;

	if (route == NULL)
		return view_error(s, r, PAGE_NOT_FOUND, a);
	if (!is_task(route, r))
		return route->page(s, r, a);
	answer_init(a, 503);
	e = route->begin(s, r, owner, out);
	return e == ERR_OK ? ERR_AGAIN : e;
}
