#ifndef SEALSLOT_FRONT_VIEW_H
#define SEALSLOT_FRONT_VIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/page.h"
#include "front/request.h"
#include "front/site.h"

/*
 * Answers with a page in the reader's language, made from what the site knows.
 * a is initialised by these, and stays the caller's to wipe, also after a failure.
 */
enum err MUST_CHECK view_form(const struct site *s, const struct request *r, struct answer *a);
enum err MUST_CHECK view_receipt(const struct site *s, const struct request *r, struct answer *a);
enum err MUST_CHECK view_how(const struct site *s, const struct request *r, struct answer *a);
/* which: PAGE_BAD_REQUEST to PAGE_RESTARTING; its status comes along. */
enum err MUST_CHECK view_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a);
/* The same for an upload, of which nothing was kept. */
enum err MUST_CHECK view_upload_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a);
/* A file of server/static. */
enum err MUST_CHECK view_static(enum page_id page, enum answer_type type, struct answer *a);
/* 303 to a path of ours, in the language that was chosen by hand, if any. */
void view_redirect(
    const struct site *s, const struct request *r, const char *path, struct answer *a);

#endif
