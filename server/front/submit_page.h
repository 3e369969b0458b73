#ifndef SEALSLOT_FRONT_SUBMIT_PAGE_H
#define SEALSLOT_FRONT_SUBMIT_PAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/intake.h"
#include "front/page.h"
#include "front/request.h"
#include "front/site.h"

/*
 * What speaks against an upload, how it ended, and which page says so. Looks into no upload, only
 * at its head, the site, and what is remembered of those before it.
 */

/* PAGE_SITE: nothing speaks against it now. */
enum page_value submit_page_objection(const struct site *s, const struct request *r);
/* The page for intake's verdict. PAGE_NOT_CONFIRMED: it may have been stored. */
enum page_value submit_page_of(enum intake_verdict v);
/* An upload that ended with this page: is it sure that none of it was stored? */
bool submit_page_kept_nothing(enum page_value which);
/* Whether it goes into the mailbox of a session. */
bool submit_page_is_for_mailbox(const struct request *r);
/* Remembers for the progress page how the upload with this token ended. "": it has none. */
void submit_page_note(const struct site *s, const char *token, enum page_value page);
enum err MUST_CHECK submit_page_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a);
/* Gives the answer the cookie that shows a receipt. */
void submit_page_show_receipt(const struct request *r, const char *cookie, struct answer *a);

#endif
