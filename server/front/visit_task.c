#include "front/visit_task.h"

#include <stdlib.h>
#include <string.h>

#include "front/view.h"

void
visit_task_end_with(struct visit *v, enum page_value page)
{
	v->page = page;
	v->is_over = true;
}

void
visit_task_wake_if_over(struct visit *v)
{
	if (v->is_over)
		v->owner.wake(v->owner.ctx);
}

enum page_value
visit_task_page_of(enum err e)
{
	if (e == ERR_NOTFOUND)
		return PAGE_SESSION_OVER;
	if (e == ERR_BUSY)
		return PAGE_MAILBOX_BUSY;
	return PAGE_RESTARTING;
}

void
visit_task_wait_for(struct visit *v, enum err e)
{
	if (e != ERR_OK)
		visit_task_end_with(v, visit_task_page_of(e));
}

void
visit_task_look(struct visit *v, mailbox_looked *cb)
{
	visit_task_wait_for(v, mailbox_look(v->site->mailbox, v->r->cookie, cb, v, &v->call));
}

bool
visit_task_is_allowed(struct visit *v, enum err e, const struct op_session_is *is)
{
	v->call = 0;
	if (e != ERR_OK)
		visit_task_end_with(v, visit_task_page_of(e));
	else if (!form_token_fits(v->fields.token, is->form_key))
		visit_task_end_with(v, PAGE_STALE);
	return !v->is_over;
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
		visit_task_end_with(v, PAGE_STALE);
	*used = n;
	return v->is_over ? ERR_STATE : ERR_OK;
}

static void
end(struct task *t)
{
	struct visit *v = (struct visit *)t;

	if (!v->is_over && fields_end(&v->fields) != ERR_OK)
		visit_task_end_with(v, PAGE_STALE);
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
	visit_task_end_with(v, PAGE_MAILBOX_BUSY);
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

enum err
visit_task_new(const struct visit_kind *kind, struct site *s, const struct request *r,
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
		visit_task_end_with(v, PAGE_STALE);
	owner->wake(owner->ctx); /* its body may come */
	return ERR_OK;
}
