#include "front/submit_end.h"

#include <string.h>

#include "base/clock.h"
#include "front/submit_page.h"

/* What store was never asked to keep can't have been kept. */
enum page_value
submit_end_page_of(const struct submit *u, enum intake_verdict v)
{
	enum page_value page = submit_page_of(v);

	if (page != PAGE_NOT_CONFIRMED || intake_was_offered(u->intake))
		return page;
	return u->site->has_store ? PAGE_CLOSED : PAGE_RESTARTING;
}

void
submit_end_release(struct submit *u)
{
	if (u->look != 0)
		mailbox_cancel(u->site->mailbox, u->look);
	/* While it may still be stored, nobody else may get its codename. */
	if (u->name != 0 && intake_was_offered(u->intake))
		mailbox_drop(u->site->mailbox, u->name);
	else if (u->name != 0)
		mailbox_give_back(u->site->mailbox, u->name);
	intake_free(u->intake);
	u->intake = NULL;
	u->look = u->name = 0;
	submit_turn_give_up(u);
}

void
submit_end_with(struct submit *u, enum page_value page)
{
	submit_page_note(u->site, u->token[0] != '\0' ? u->token : u->r->token, page);
	submit_end_release(u);
	u->page = page;
	u->stage = SUBMIT_OVER;
}

void
submit_end_wake(struct submit *u)
{
	u->owner.wake(u->owner.ctx);
}

/*
 * A commit is remembered when it happens, whether anybody still waits for the receipt or not.
 * session: of the codename that was issued; NULL: there is none.
 */
static void
remember(struct submit *u, const char *session)
{
	const struct store_item *item = intake_item(u->intake);
	struct receipt_note note = {.is_signed_in = u->is_signed_in, .epoch = item->epoch};

	memcpy(note.inbox, item->inbox, sizeof note.inbox);
	note.has_session = u->is_signed_in || session != NULL;
	if (u->is_signed_in)
		memcpy(u->cookie, u->r->cookie, sizeof u->cookie);
	else if (session != NULL)
		memcpy(u->cookie, session, sizeof u->cookie);
	else
		form_token_random(u->cookie);
	receipts_add(u->site->receipts, u->token, u->cookie, &note, clock_mono_ms());
	submit_end_with(u, PAGE_SITE);
}

static void
on_issued(void *ctx, enum err e, const struct op_session *s)
{
	struct submit *u = ctx;

	u->name = 0;
	remember(u, e == ERR_OK && s->token[0] != '\0' ? s->token : NULL);
	submit_end_wake(u);
}

/* It is safe with the store. If the mailbox is lost meanwhile, so is the codename; the documents
 * are not, and the receipt says so. */
static void
issue(struct submit *u)
{
	u->stage = SUBMIT_ISSUING;
	if (mailbox_issue(u->site->mailbox, u->name, on_issued, u) == ERR_OK)
		return;
	u->name = 0;
	remember(u, NULL);
	submit_end_wake(u);
}

void
submit_end_conclude(struct submit *u)
{
	enum intake_verdict v;

	if (u->stage != SUBMIT_RECEIVING || (v = intake_verdict(u->intake)) == INTAKE_PENDING)
		return;
	if (v == INTAKE_STORED)
		issue(u);
	else
		submit_end_with(u, submit_end_page_of(u, v));
}

void
submit_end_give_up(struct submit *u, enum page_value page)
{
	if (u->stage == SUBMIT_ISSUING)
		remember(u, NULL);
	else if (u->stage != SUBMIT_OVER)
		submit_end_with(u, page);
}
