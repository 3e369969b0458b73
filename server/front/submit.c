#include "front/submit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "front/submit_end.h"
#include "front/submit_page.h"
#include "front/submit_turn.h"
#include "front/view.h"
#include "seal/bech32.h"

/* What the mailbox's no means before the body. */
static enum page_value
page_of_mailbox(enum err e)
{
	if (e == ERR_NOTFOUND)
		return PAGE_SESSION_OVER;
	return e == ERR_CLOSED ? PAGE_RESTARTING : PAGE_BUSY;
}

/* ---- before it begins */

enum err
submit_admit(const struct site *s, const struct request *r, struct answer *a)
{
	uint32_t own = circuits_held(s->uploads, r->circuit);
	enum page_value page = submit_page_objection(s, r);
	char cookie[RECEIPTS_TOKEN + 1] = "";
	enum err e;

	if (page == PAGE_SITE && (own >= LIMIT_CIRCUIT_UPLOADS || !submit_turn_has_place(s, own)))
		page = PAGE_BUSY;
	/* Also when it wouldn't be taken now: what was stored before is. */
	if (receipts_again(s->receipts, r->token, clock_mono_ms(), cookie))
		page = PAGE_SENT_BEFORE;
	if (page == PAGE_SITE)
		return ERR_OK;
	/* A browser that still sends reads no answer; the progress page says it at once. */
	submit_page_note(s, r->token, page);
	if ((e = submit_page_error(s, r, page, a)) == ERR_OK) {
		submit_page_show_receipt(r, cookie, a);
		e = ERR_STATE;
	} else {
		answer_wipe(a);
	}
	explicit_bzero(cookie, sizeof cookie);
	return e;
}

static void
on_intake(void *ctx)
{
	struct submit *u = ctx;

	submit_end_conclude(u);
	if (u->stage != SUBMIT_ISSUING)
		submit_end_wake(u);
}

/* ---- the same form again */

/* The token has just become known: was, or is, the same form here before? */
static void
meet_twins(struct submit *u)
{
	struct submit *t;

	if (receipts_again(u->site->receipts, u->token, clock_mono_ms(), u->cookie)) {
		submit_end_with(u, PAGE_SENT_BEFORE);
		return;
	}
	for (t = u->site->submits; t != NULL; t = t->next) {
		if (t == u || t->stage == SUBMIT_OVER || t->is_signed_in != u->is_signed_in ||
		    strcmp(t->token, u->token) != 0)
			continue;
		if (t->is_complete) {
			submit_end_with(u, PAGE_ARRIVING);
			return;
		}
		/* A line that broke is noticed here later than by the source. */
		submit_end_with(t, PAGE_ARRIVING);
		submit_end_wake(t);
	}
}

/* That of the address is known first, and then it is the one that counts. */
static void
take_token(struct submit *u, const char *token)
{
	if (u->token[0] != '\0')
		return;
	memcpy(u->token, token, RECEIPTS_TOKEN);
	meet_twins(u);
}

/* ---- the beginning: whose mailbox, which codename, then intake */

/* If all places are taken somebody loses theirs, and is told so. */
static void
make_place(struct submit *u)
{
	struct submit *silent = submit_turn_yielder(u);

	if (silent == NULL)
		return;
	submit_end_with(silent, PAGE_BUSY);
	submit_end_wake(silent);
}

/* Store may say no at once, and the site may have changed since the gate looked. */
static void
begin_intake(struct submit *u, const struct op_name *name)
{
	struct site *s = u->site;
	struct manifest_source source;
	const struct intake_request q = {.boundary = u->r->boundary,
	    .boundary_len = u->r->boundary_len,
	    .body_len = u->r->body_len,
	    .schedule = s->schedule,
	    .today = s->today,
	    .source = &source,
	    .is_signed_in = u->is_signed_in,
	    .wake = on_intake,
	    .ctx = u};
	enum intake_verdict verdict = INTAKE_STORE_FAILED;
	enum page_value page = submit_page_objection(s, u->r);

	bech32_recipient(source.reply_to, name->reply_to);
	text_hex(source.mailbox, name->mailbox, sizeof name->mailbox);
	if (page == PAGE_SITE)
		make_place(u);
	u->stage = SUBMIT_RECEIVING;
	u->since = clock_mono_ms();
	u->heard = clock_mono_ms();
	if (page == PAGE_SITE && intake_start(&s->env, &q, &u->intake, &verdict) != ERR_OK)
		page = submit_end_page_of(u, verdict);
	explicit_bzero(&source, sizeof source);
	if (page != PAGE_SITE)
		submit_end_with(u, page);
}

static void
on_named(void *ctx, enum err e, const struct op_name *name)
{
	struct submit *u = ctx;

	if (e == ERR_OK) {
		begin_intake(u, name);
	} else {
		u->name = 0;
		submit_end_with(u, page_of_mailbox(e));
	}
	if (u->stage == SUBMIT_OVER)
		submit_end_wake(u);
}

/* Before the body, so that nobody's upload waits for the derivation of a codename. */
static void
take_name(struct submit *u)
{
	const char *session = u->is_signed_in ? u->r->cookie : NULL;
	enum err e;

	u->stage = SUBMIT_NAMING;
	if ((e = mailbox_take(u->site->mailbox, session, on_named, u, &u->name)) != ERR_OK)
		submit_end_with(u, page_of_mailbox(e));
}

/* The session is looked at here and never again: it may end before the upload does. */
static void
on_looked(void *ctx, enum err e, const struct op_session_is *is)
{
	struct submit *u = ctx;

	u->look = 0;
	if (e != ERR_OK)
		submit_end_with(u, page_of_mailbox(e));
	else if (!form_token_fits(u->r->token, is->form_key))
		submit_end_with(u, PAGE_STALE);
	else
		take_token(u, u->r->token);
	if (u->stage == SUBMIT_LOOKING)
		take_name(u);
	if (u->stage == SUBMIT_OVER)
		submit_end_wake(u);
}

static void
start(struct submit *u)
{
	struct site *s = u->site;
	enum page_value page = submit_page_objection(s, u->r);
	enum err e;

	if (page == PAGE_SITE && !submit_turn_has_place(s, submit_turn_others(u)))
		page = PAGE_BUSY;
	/* That of a session's form counts when it is known to be one. */
	if (u->r->token[0] != '\0' && !u->is_signed_in)
		take_token(u, u->r->token);
	if (u->stage == SUBMIT_OVER)
		return;
	if (page != PAGE_SITE) {
		submit_end_with(u, page);
	} else if (!u->is_signed_in) {
		take_name(u);
	} else {
		e = mailbox_look(s->mailbox, u->r->cookie, on_looked, u, &u->look);
		if (e != ERR_OK)
			submit_end_with(u, page_of_mailbox(e));
	}
}

/* ---- the task */

static bool
is_over(const struct task *t)
{
	return ((const struct submit *)t)->stage == SUBMIT_OVER;
}

static enum err
put(struct task *t, const void *p, size_t n, size_t *used)
{
	struct submit *u = (struct submit *)t;
	bool had_token;
	const char *token;
	enum err e;

	if (u->stage != SUBMIT_RECEIVING)
		return ERR_STATE;
	had_token = intake_token(u->intake) != NULL;
	e = intake_put(u->intake, p, n, used);
	submit_turn_hear(u, e == ERR_OK ? n : *used);
	if (!had_token && (token = intake_token(u->intake)) != NULL)
		take_token(u, token);
	submit_end_conclude(u);
	return is_over(t) ? ERR_STATE : e;
}

static void
end(struct task *t)
{
	struct submit *u = (struct submit *)t;

	u->is_complete = true;
	if (u->stage == SUBMIT_RECEIVING)
		intake_end(u->intake);
	submit_end_conclude(u);
}

static void
give_up(struct task *t)
{
	struct submit *u = (struct submit *)t;

	submit_end_give_up(u, PAGE_NOT_CONFIRMED);
}

static enum err
answer(struct task *t, struct answer *a)
{
	struct submit *u = (struct submit *)t;
	enum err e = ERR_OK;

	if (u->page == PAGE_SITE) {
		/* Also to a session that has ended meanwhile: it was this sender's own. */
		view_redirect(u->site, u->r, "/receipt", a);
		memcpy(a->cookie, u->cookie, sizeof a->cookie);
	} else if ((e = submit_page_error(u->site, u->r, u->page, a)) == ERR_OK) {
		submit_page_show_receipt(u->r, u->cookie, a);
	}
	return e;
}

/* Its client is gone. What lacks its end can't have been stored. */
static enum page_value
cut_short(const struct submit *u)
{
	return u->is_complete ? PAGE_NOT_CONFIRMED : PAGE_BROKEN_OFF;
}

static void
let_go(struct task *t)
{
	struct submit *u = (struct submit *)t;

	submit_end_give_up(u, cut_short(u));
	submit_turn_leave(u);
	submit_end_release(u);
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
	u->is_signed_in = submit_page_is_for_mailbox(r);
	submit_turn_enter(u);
	*out = &u->task;
	start(u);
	return ERR_OK;
}

void
submit_expire(struct site *s)
{
	int64_t before = clock_mono_ms() - s->upload_ms;
	struct submit *u;

	for (u = s->submits; u != NULL; u = u->next) {
		if (u->stage != SUBMIT_RECEIVING || u->is_complete || u->since >= before)
			continue;
		submit_end_with(u, PAGE_TOO_SLOW);
		submit_end_wake(u);
	}
}
