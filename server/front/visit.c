#include "front/visit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "front/fields.h"
#include "front/replies.h"
#include "front/view.h"

struct visit;

/* One thing that can be done; the steps in between are its own. */
struct visit_kind {
	const char *field; /* of its form, beside the token; NULL: none */
	void (*begin)(struct visit *v);
	enum err (*answer)(struct visit *v, struct answer *a); /* unless page says why not */
};

struct visit {
	struct task task;
	const struct visit_kind *kind;
	struct site *site;
	const struct request *r;
	struct task_owner owner;
	uint32_t call;        /* the mailbox's name for what it was asked; 0: nothing */
	enum page_value page; /* what speaks against it; PAGE_SITE: nothing */
	bool is_over;
	struct receipt_note note;
	struct op_session_is is;
	struct op_session session;
	bool is_no_codename; /* what was typed; session says why */
	struct replies replies;
	struct fields fields; /* last: it is large */
};

/* ---- common steps */

static void
end_with(struct visit *v, enum page_value page)
{
	v->page = page;
	v->is_over = true;
}

static void
wake_if_over(struct visit *v)
{
	if (v->is_over)
		v->owner.wake(v->owner.ctx);
}

static enum page_value
page_of(enum err e)
{
	if (e == ERR_NOTFOUND)
		return PAGE_SESSION_OVER;
	if (e == ERR_BUSY)
		return PAGE_MAILBOX_BUSY;
	return PAGE_RESTARTING;
}

/* e: of the call that was just made. */
static void
wait_for(struct visit *v, enum err e)
{
	if (e != ERR_OK)
		end_with(v, page_of(e));
}

static void
look(struct visit *v, mailbox_looked *cb)
{
	wait_for(v, mailbox_look(v->site->mailbox, v->r->cookie, cb, v, &v->call));
}

/* The session of a form is there, and its token fits. Otherwise it is over. */
static bool
is_allowed(struct visit *v, enum err e, const struct op_session_is *is)
{
	v->call = 0;
	if (e != ERR_OK)
		end_with(v, page_of(e));
	else if (!form_token_fits(v->fields.token, is->form_key))
		end_with(v, PAGE_STALE);
	return !v->is_over;
}

/* ---- the receipt */

/* Without its session it is still true that everything arrived: it only can't show a codename. */
static void
on_receipt(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	v->call = 0;
	if (e == ERR_OK)
		v->is = *is;
	end_with(v, PAGE_SITE);
	wake_if_over(v);
}

static void
begin_receipt(struct visit *v)
{
	struct site *s = v->site;

	if (!receipts_find(s->receipts, v->r->cookie, clock_mono_ms(), &v->note))
		end_with(v, PAGE_NO_RECEIPT);
	else if (!v->note.has_session || s->mailbox == NULL ||
		 mailbox_look(s->mailbox, v->r->cookie, on_receipt, v, &v->call) != ERR_OK)
		end_with(v, PAGE_SITE);
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
	end_with(v, e == ERR_OK ? PAGE_SITE : page_of(e));
	wake_if_over(v);
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
	wait_for(v, e);
	wake_if_over(v);
}

static void
begin_mailbox(struct visit *v)
{
	replies_init(&v->replies);
	if (v->r->cookie[0] == '\0')
		end_with(v, PAGE_SESSION_OVER);
	else if (v->site->mailbox == NULL)
		end_with(v, PAGE_RESTARTING);
	else
		look(v, on_mailbox);
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
		end_with(v, page_of(e));
	else
		end_with(v, PAGE_SITE);
	wake_if_over(v);
}

static void
begin_sign_in(struct visit *v)
{
	struct fields *f = &v->fields;

	if (!form_token_fits(f->token, v->site->form_key))
		end_with(v, PAGE_STALE);
	else
		wait_for(v, mailbox_sign_in(
				v->site->mailbox, f->value, f->value_len, on_session, v, &v->call));
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
	end_with(v, e == ERR_OK || e == ERR_NOTFOUND ? PAGE_SITE : page_of(e));
	wake_if_over(v);
}

static void
on_may_remove(void *ctx, enum err e, const struct op_session_is *is)
{
	struct visit *v = ctx;

	if (is_allowed(v, e, is)) {
		e = mailbox_remove(
		    v->site->mailbox, v->r->cookie, v->fields.value, on_removed, v, &v->call);
		if (e == ERR_FORMAT)
			end_with(v, PAGE_STALE);
		else
			wait_for(v, e);
	}
	wake_if_over(v);
}

static void
begin_remove(struct visit *v)
{
	look(v, on_may_remove);
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
		end_with(v, PAGE_SITE);
	} else if (is_allowed(v, e, is)) {
		mailbox_sign_out(v->site->mailbox, v->r->cookie);
		end_with(v, PAGE_SITE);
	}
	if (v->page == PAGE_SITE)
		receipts_forget(v->site->receipts, v->r->cookie);
	wake_if_over(v);
}

static void
begin_sign_out(struct visit *v)
{
	enum err e = mailbox_look(v->site->mailbox, v->r->cookie, on_may_sign_out, v, &v->call);

	if (e != ERR_OK)
		end_with(v, e == ERR_NOTFOUND ? PAGE_SITE : page_of(e));
}

static enum err
answer_sign_out(struct visit *v, struct answer *a)
{
	return view_signed_out(v->site, v->r, a);
}

/* ---- the task */

static bool
is_over(const struct task *t)
{
	return ((const struct visit *)t)->is_over;
}

static enum err
put(struct task *t, const void *p, size_t n, size_t *used)
{
	struct visit *v = (struct visit *)t;

	if (!v->is_over && fields_put(&v->fields, p, n) != ERR_OK)
		end_with(v, PAGE_STALE);
	*used = n;
	return v->is_over ? ERR_STATE : ERR_OK;
}

static void
end(struct task *t)
{
	struct visit *v = (struct visit *)t;

	if (!v->is_over && fields_end(&v->fields) != ERR_OK)
		end_with(v, PAGE_STALE);
	if (!v->is_over)
		v->kind->begin(v);
}

static void
give_up(struct task *t)
{
	struct visit *v = (struct visit *)t;

	if (v->is_over)
		return;
	if (v->call != 0)
		mailbox_cancel(v->site->mailbox, v->call);
	v->call = 0;
	end_with(v, PAGE_MAILBOX_BUSY);
}

static enum err
answer(struct task *t, struct answer *a)
{
	struct visit *v = (struct visit *)t;

	if (v->page != PAGE_SITE)
		return view_error(v->site, v->r, v->page, a);
	return v->kind->answer(v, a);
}

static void
let_go(struct task *t)
{
	struct visit *v = (struct visit *)t;

	if (v->call != 0)
		mailbox_cancel(v->site->mailbox, v->call);
	replies_wipe(&v->replies);
	fields_wipe(&v->fields);
	explicit_bzero(v, sizeof *v);
	free(v);
}

static const struct task_ops ops = {put, end, is_over, give_up, answer, let_go};

static enum err
visit_new(const struct visit_kind *kind, struct site *s, const struct request *r,
    const struct task_owner *owner, struct task **out)
{
	struct visit *v = calloc(1, sizeof *v);

	if (v == NULL)
		return ERR_NOMEM;
	v->task.ops = &ops;
	v->kind = kind;
	v->site = s;
	v->r = r;
	v->owner = *owner;
	*out = &v->task;
	if (r->method != REQUEST_POST) {
		kind->begin(v);
		return ERR_OK;
	}
	if (fields_init(&v->fields, r->boundary, r->boundary_len, kind->field) != ERR_OK)
		end_with(v, PAGE_STALE);
	owner->wake(owner->ctx); /* its body may come */
	return ERR_OK;
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

	return visit_new(&kind, s, r, owner, out);
}

enum err
visit_mailbox(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {NULL, begin_mailbox, answer_mailbox};

	return visit_new(&kind, s, r, owner, out);
}

enum err
visit_sign_in(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {"codename", begin_sign_in, answer_sign_in};

	return visit_new(&kind, s, r, owner, out);
}

enum err
visit_remove(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {"reply", begin_remove, answer_remove};

	return visit_new(&kind, s, r, owner, out);
}

enum err
visit_sign_out(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out)
{
	static const struct visit_kind kind = {NULL, begin_sign_out, answer_sign_out};

	return visit_new(&kind, s, r, owner, out);
}
