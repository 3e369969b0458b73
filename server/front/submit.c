#include "front/submit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "front/view.h"

struct submit {
	struct task task;
	struct submit *prev, *next;
	struct site *site;
	const struct request *r;
	struct intake *intake;
	struct task_owner owner;
	enum page_value page; /* what ended it without intake's verdict; PAGE_SITE: nothing did */
	bool is_again;        /* the same form was committed before */
	bool is_complete;     /* its body has come */
	char token[RECEIPTS_TOKEN + 1];
	char cookie[RECEIPTS_TOKEN + 1]; /* of its receipt, once it is stored */
};

static enum page_value
page_of(enum intake_verdict v)
{
	switch (v) {
	case INTAKE_EMPTY: return PAGE_EMPTY;
	case INTAKE_MALFORMED: return PAGE_DAMAGED;
	case INTAKE_UNKNOWN_FIELD:
	case INTAKE_BAD_INBOX:
	case INTAKE_BAD_TOPIC:
	case INTAKE_BAD_TOKEN: return PAGE_STALE;
	case INTAKE_MESSAGE_TOO_LONG: return PAGE_MESSAGE_TOO_LONG;
	case INTAKE_TOO_MANY_FILES: return PAGE_TOO_MANY_FILES;
	case INTAKE_TOO_LARGE: return PAGE_TOO_LARGE;
	case INTAKE_NO_KEY: return PAGE_NO_KEY;
	case INTAKE_NO_ROOM: return PAGE_NO_ROOM;
	case INTAKE_BUSY: return PAGE_BUSY;
	case INTAKE_PENDING:
	case INTAKE_STORED:
	case INTAKE_STORE_FAILED: break;
	}
	return PAGE_NOT_CONFIRMED;
}

/* Only what was never said to be stored can be said not to be kept. */
static enum err
error_page(const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	if (which == PAGE_NOT_CONFIRMED || which == PAGE_ARRIVING || which == PAGE_NO_RECEIPT)
		return view_error(s, r, which, a);
	return view_upload_error(s, r, which, a);
}

/* PAGE_SITE: nothing speaks against it. */
static enum page_value
objection(const struct site *s, const struct request *r)
{
	if (s->is_draining || !s->has_store)
		return PAGE_RESTARTING;
	if (r->body_len > s->conf->max_upload)
		return PAGE_TOO_LARGE;
	if (r->boundary_len == 0)
		return PAGE_DAMAGED;
	if (!site_has_key(s))
		return PAGE_NO_KEY;
	if (!s->is_writable)
		return PAGE_CLOSED;
	if (r->body_len > s->room)
		return PAGE_NO_ROOM;
	return s->env.in_flight >= s->conf->max_in_flight ? PAGE_BUSY : PAGE_SITE;
}

enum err
submit_admit(const struct site *s, const struct request *r, struct answer *a)
{
	enum page_value page = objection(s, r);
	enum err e;

	if (page == PAGE_SITE)
		return ERR_OK;
	if ((e = error_page(s, r, page, a)) == ERR_OK)
		return ERR_STATE;
	answer_wipe(a);
	return e;
}

static void
list_in(struct submit *u)
{
	struct site *s = u->site;

	u->next = s->submits;
	if (u->next != NULL)
		u->next->prev = u;
	s->submits = u;
}

static void
list_out(struct submit *u)
{
	*(u->prev == NULL ? &u->site->submits : &u->prev->next) = u->next;
	if (u->next != NULL)
		u->next->prev = u->prev;
}

/* A commit is remembered when it happens, whether anybody still waits for the receipt or not. */
static void
on_intake(void *ctx)
{
	struct submit *u = ctx;

	if (u->cookie[0] == '\0' && intake_verdict(u->intake) == INTAKE_STORED)
		receipts_add(u->site->receipts, u->token, clock_mono_ms(), u->cookie);
	u->owner.wake(u->owner.ctx);
}

/* Store may say no at once, and the site may have changed since the gate looked. */
static void
start(struct submit *u)
{
	struct site *s = u->site;
	const struct intake_request q = {.boundary = u->r->boundary,
	    .boundary_len = u->r->boundary_len,
	    .body_len = u->r->body_len,
	    .schedule = s->schedule,
	    .today = s->today,
	    .wake = on_intake,
	    .ctx = u};
	enum intake_verdict verdict = INTAKE_STORE_FAILED;

	if ((u->page = objection(s, u->r)) == PAGE_SITE &&
	    intake_start(&s->env, &q, &u->intake, &verdict) != ERR_OK)
		u->page = page_of(verdict);
}

/* It is over, whatever intake would say. */
static void
end_with(struct submit *u, enum page_value page)
{
	u->page = page;
	intake_free(u->intake);
	u->intake = NULL;
}

/* The token has just become known: was, or is, the same form here before? */
static void
meet_twins(struct submit *u)
{
	struct submit *t;
	char unused[RECEIPTS_TOKEN + 1];

	if (receipts_again(u->site->receipts, u->token, clock_mono_ms(), unused)) {
		end_with(u, PAGE_NO_RECEIPT);
		u->is_again = true;
		return;
	}
	for (t = u->site->submits; t != NULL; t = t->next) {
		if (t == u || t->intake == NULL || strcmp(t->token, u->token) != 0)
			continue;
		if (t->is_complete) {
			end_with(u, PAGE_ARRIVING);
			return;
		}
		/* A line that broke is noticed here later than by the source. */
		end_with(t, PAGE_ARRIVING);
		t->owner.wake(t->owner.ctx);
	}
}

static bool
is_over(const struct task *t)
{
	const struct submit *u = (const struct submit *)t;

	return u->intake == NULL || intake_verdict(u->intake) != INTAKE_PENDING;
}

static enum err
put(struct task *t, const void *p, size_t n, size_t *used)
{
	struct submit *u = (struct submit *)t;
	const char *token;
	enum err e;

	if (is_over(t))
		return ERR_STATE;
	e = intake_put(u->intake, p, n, used);
	if (u->token[0] == '\0' && (token = intake_token(u->intake)) != NULL) {
		memcpy(u->token, token, RECEIPTS_TOKEN);
		meet_twins(u);
	}
	return is_over(t) ? ERR_STATE : e;
}

static void
end(struct task *t)
{
	struct submit *u = (struct submit *)t;

	u->is_complete = true;
	if (u->intake != NULL)
		intake_end(u->intake);
}

static void
give_up(struct task *t)
{
	if (!is_over(t))
		end_with((struct submit *)t, PAGE_NOT_CONFIRMED);
}

static enum err
answer(struct task *t, struct answer *a)
{
	struct submit *u = (struct submit *)t;
	enum intake_verdict v = u->intake == NULL ? INTAKE_PENDING : intake_verdict(u->intake);
	bool is_stored = v == INTAKE_STORED;

	if (u->is_again)
		is_stored = receipts_again(u->site->receipts, u->token, clock_mono_ms(), u->cookie);
	if (!is_stored)
		return error_page(u->site, u->r, u->intake == NULL ? u->page : page_of(v), a);
	view_redirect(u->site, u->r, "/receipt", a);
	memcpy(a->cookie, u->cookie, sizeof a->cookie);
	return ERR_OK;
}

static void
let_go(struct task *t)
{
	struct submit *u = (struct submit *)t;

	list_out(u);
	intake_free(u->intake);
	explicit_bzero(u, sizeof *u);
	free(u);
}

static const struct task_ops ops = {put, end, is_over, give_up, answer, let_go};

enum err
submit_new(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	struct submit *u = calloc(1, sizeof *u);

	if (u == NULL)
		return ERR_NOMEM;
	*u = (struct submit){.task = {&ops}, .site = s, .r = r, .owner = *owner};
	list_in(u);
	*out = &u->task;
	start(u);
	return ERR_OK;
}
