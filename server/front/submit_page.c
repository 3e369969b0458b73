#include "front/submit_page.h"

#include <string.h>

#include "base/clock.h"
#include "front/submit.h"
#include "front/view.h"

enum page_value
submit_page_of(enum intake_verdict v)
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
bool
submit_page_kept_nothing(enum page_value which)
{
	return which != PAGE_NOT_CONFIRMED && which != PAGE_ARRIVING && which != PAGE_SENT_BEFORE;
}

enum err
submit_page_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	return submit_page_kept_nothing(which) ? view_upload_error(s, r, which, a)
					       : view_error(s, r, which, a);
}

/* Nothing else may be said of what is stored: it doesn't end a second time. */
void
submit_page_note(const struct site *s, const char *token, enum page_value page)
{
	if (token[0] != '\0' && !receipts_knows(s->receipts, token, clock_mono_ms()))
		endings_note(s->endings, token, page, clock_mono_ms());
}

/* The session that it names is looked at later: before the body, after the gate. */
bool
submit_page_is_for_mailbox(const struct request *r)
{
	return strcmp(r->path, SUBMIT_MAILBOX_PATH) == 0;
}

/* The cookie that shows a receipt. Who is signed in has it, and nobody else may get it by a token.
 */
void
submit_page_show_receipt(const struct request *r, const char *cookie, struct answer *a)
{
	if (!submit_page_is_for_mailbox(r))
		memcpy(a->cookie, cookie, sizeof a->cookie);
}

/* PAGE_SITE: nothing speaks against it. */
enum page_value
submit_page_objection(const struct site *s, const struct request *r)
{
	if (s->is_draining || !s->has_store || s->mailbox == NULL)
		return PAGE_RESTARTING;
	if (r->body_len > s->conf->max_upload)
		return PAGE_TOO_LARGE;
	if (r->boundary_len == 0)
		return PAGE_DAMAGED;
	if (!site_has_key(s))
		return PAGE_NO_KEY;
	if (!s->is_writable)
		return PAGE_CLOSED;
	if (r->body_len > (submit_page_is_for_mailbox(r) ? s->signed_in_room : s->room))
		return PAGE_NO_ROOM;
	return PAGE_SITE;
}
