#ifndef SEALSLOT_FRONT_VISIT_TASK_H
#define SEALSLOT_FRONT_VISIT_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/fields.h"
#include "front/page.h"
#include "front/receipts.h"
#include "front/replies.h"
#include "front/request.h"
#include "front/site.h"
#include "front/task.h"
#include "mailbox/mailbox.h"

/*
 * The life of a request that waits for the mailbox: its small form is read,
 * then the mailbox is asked, then it is over. What is asked, and what the
 * answer is, a kind says (visit.c); here is what all of them go through.
 */
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
	/* what a kind has learnt */
	struct receipt_note note;
	struct op_session_is is;
	struct op_session session;
	bool is_no_codename; /* what was typed; session says why */
	struct replies replies;
	struct fields fields; /* last: it is large */
};

/* Begins; *out is the caller's, kind and r are borrowed for as long as it lives. ERR_NOMEM. */
enum err MUST_CHECK visit_task_new(const struct visit_kind *kind, struct site *s,
    const struct request *r, const struct task_owner *owner, struct task **out);

/* It is over. PAGE_SITE: its kind answers. */
void visit_task_end_with(struct visit *v, enum page_value page);
/* After every call that the mailbox has answered. */
void visit_task_wake_if_over(struct visit *v);
/* What the mailbox's no means to a source. */
enum page_value visit_task_page_of(enum err e);
/* e: of the call that was just made; if there is none, it is over. */
void visit_task_wait_for(struct visit *v, enum err e);
/* Asks for the session that the request's cookie names. */
void visit_task_look(struct visit *v, mailbox_looked *cb);
/* The session of a form is there, and its token fits. Otherwise it is over. */
bool visit_task_is_allowed(struct visit *v, enum err e, const struct op_session_is *is);

#endif
