#include "front/visit.h"

#include <string.h>

#include "base/clock.h"
#include "front/view.h"
#include "front/visit_task.h"

/* ---- the receipt */

/* Without its session it is still true that everything arrived: it only can't show a codename. */
static void
on_receipt(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	v->call = 0;
	if (e == ERR_OK)
		v->is = *is;
	visit_task_end_with(v, PAGE_SITE);
	visit_task_wake_if_over(v);
}

static void
begin_receipt(struct visit *v)
{
	struct site *s = v->site;

	if (!receipts_find(s->receipts, v->r->cookie, clock_mono_ms(), &v->note))
		visit_task_end_with(v, PAGE_NO_RECEIPT);
	else if (!v->note.has_session || s->mailbox == NULL ||
		 mailbox_look(s->mailbox, v->r->cookie, on_receipt, v, &v->call) != ERR_OK)
		visit_task_end_with(v, PAGE_SITE);
}

static enum err
answer_receipt(struct visit *v, struct answer *a)
{
	return view_receipt(v->site, v->r, &v->note, v->is.codename, a);
}

/* ---- the mailbox */

/* More than fits onto one page isn't sent, nor asked for. */
static void
on_text(void *ctx, enum err e, const struct op_text *head, const char *piece, size_t n)
{
	struct visit *v = ctx;

	if (head != NULL) {
		if ((e = replies_put(&v->replies, head, piece, n)) == ERR_OK)
			return;
		mailbox_cancel(v->site->mailbox, v->call);
	}
	if (e == ERR_LIMIT) {
		v->replies.is_cut = true;
		e = ERR_OK;
	}
	v->call = 0;
	replies_end(&v->replies);
	visit_task_end_with(v, e == ERR_OK ? PAGE_SITE : visit_task_page_of(e));
	visit_task_wake_if_over(v);
}

static void
on_mailbox(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	v->call = 0;
	if (e == ERR_OK) {
		v->is = *is;
		e = mailbox_read(v->site->mailbox, v->r->cookie, on_text, v, &v->call);
	}
	visit_task_wait_for(v, e);
	visit_task_wake_if_over(v);
}

static void
begin_mailbox(struct visit *v)
{
	replies_init(&v->replies);
	if (v->r->cookie[0] == '\0')
		visit_task_end_with(v, PAGE_SESSION_OVER);
	else if (v->site->mailbox == NULL)
		visit_task_end_with(v, PAGE_RESTARTING);
	else
		visit_task_look(v, on_mailbox);
}

static enum err
answer_mailbox(struct visit *v, struct answer *a)
{
	return view_mailbox(v->site, v->r, &v->is, &v->replies, a);
}

/* ---- sign-in */

static void
on_session(void *ctx, enum err e, const struct op_session *s)
{
	struct visit *v = ctx;

	v->call = 0;
	v->session = *s;
	v->is_no_codename = e == ERR_FORMAT;
	if (e != ERR_OK && e != ERR_FORMAT)
		visit_task_end_with(v, visit_task_page_of(e));
	else
		visit_task_end_with(v, PAGE_SITE);
	visit_task_wake_if_over(v);
}

static void
begin_sign_in(struct visit *v)
{
	struct fields *f = &v->fields;

	if (!form_token_fits(f->token, v->site->form_key))
		visit_task_end_with(v, PAGE_STALE);
	else
		visit_task_wait_for(v, mailbox_sign_in(v->site->mailbox, f->value, f->value_len,
					   on_session, v, &v->call));
}

static enum err
answer_sign_in(struct visit *v, struct answer *a)
{
	if (v->is_no_codename)
		return view_sign_in(v->site, v->r, &v->session, v->fields.value, a);
	view_redirect(v->site, v->r, "/mailbox", a);
	memcpy(a->cookie, v->session.token, sizeof a->cookie);
	return ERR_OK;
}

/* ---- deleting a reply */

static void
on_removed(void *ctx, enum err e)
{
	struct visit *v = ctx;

	v->call = 0;
	/* Deleted in another window, perhaps: it is gone. */
	visit_task_end_with(
	    v, e == ERR_OK || e == ERR_NOTFOUND ? PAGE_SITE : visit_task_page_of(e));
	visit_task_wake_if_over(v);
}

static void
on_may_remove(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	if (visit_task_is_allowed(v, e, is)) {
		e = mailbox_remove(
		    v->site->mailbox, v->r->cookie, v->fields.value, on_removed, v, &v->call);
		if (e == ERR_FORMAT)
			visit_task_end_with(v, PAGE_STALE);
		else
			visit_task_wait_for(v, e);
	}
	visit_task_wake_if_over(v);
}

static void
begin_remove(struct visit *v)
{
	visit_task_look(v, on_may_remove);
}

static enum err
answer_remove(struct visit *v, struct answer *a)
{
	view_redirect(v->site, v->r, "/mailbox", a);
	return ERR_OK;
}

/* ---- signing out */

static void
on_may_sign_out(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	if (e == ERR_NOTFOUND) { /* it was over before */
		v->call = 0;
		visit_task_end_with(v, PAGE_SITE);
	} else if (visit_task_is_allowed(v, e, is)) {
		mailbox_sign_out(v->site->mailbox, v->r->cookie);
		visit_task_end_with(v, PAGE_SITE);
	}
	if (v->page == PAGE_SITE)
		receipts_forget(v->site->receipts, v->r->cookie);
	visit_task_wake_if_over(v);
}

static void
begin_sign_out(struct visit *v)
{
	enum err e = mailbox_look(v->site->mailbox, v->r->cookie, on_may_sign_out, v, &v->call);

	if (e != ERR_OK)
		visit_task_end_with(v, e == ERR_NOTFOUND ? PAGE_SITE : visit_task_page_of(e));
}

static enum err
answer_sign_out(struct visit *v, struct answer *a)
{
	return view_signed_out(v->site, v->r, a);
}

/* ---- all of them */

enum err
visit_admit(const struct site *s, const struct request *r, struct answer *a)
{
	enum page_value page = PAGE_SITE;
	enum err e;

	if (r->body_len > LIMIT_SMALL_FORM)
		page = PAGE_BAD_REQUEST;
	else if (r->boundary_len == 0)
		page = PAGE_STALE;
	else if (s->mailbox == NULL)
		page = PAGE_RESTARTING;
	if (page == PAGE_SITE)
		return ERR_OK;
	if ((e = view_error(s, r, page, a)) == ERR_OK)
		return ERR_STATE;
	answer_wipe(a);
	return e;
}

enum err
visit_receipt(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {NULL, begin_receipt, answer_receipt};

	return visit_task_new(&kind, s, r, owner, out);
}

enum err
visit_mailbox(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {NULL, begin_mailbox, answer_mailbox};

	return visit_task_new(&kind, s, r, owner, out);
}

enum err
visit_sign_in(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {"codename", begin_sign_in, answer_sign_in};

	return visit_task_new(&kind, s, r, owner, out);
}

enum err
visit_remove(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {"reply", begin_remove, answer_remove};

	return visit_task_new(&kind, s, r, owner, out);
}

enum err
visit_sign_out(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {NULL, begin_sign_out, answer_sign_out};

	return visit_task_new(&kind, s, r, owner, out);
}
