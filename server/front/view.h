#ifndef SEALSLOT_FRONT_VIEW_H
#define SEALSLOT_FRONT_VIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/page.h"
#include "front/replies.h"
#include "front/request.h"
#include "front/site.h"

struct model;
struct submit_seen;

/*
 * Answers with a page in the reader's language, made from what the site knows.
 * a is initialised by these, and stays the caller's to wipe, also after a failure.
 */
enum err MUST_CHECK view_form(const struct site *s, const struct request *r, struct answer *a);
/* codename: "": there is none to show. */
enum err MUST_CHECK view_receipt(const struct site *s, const struct request *r,
    const struct receipt_note *note, const char *codename, struct answer *a);
/* fault: why what was typed is no codename; NULL: nothing was typed yet. */
enum err MUST_CHECK view_sign_in(const struct site *s, const struct request *r,
    const struct op_session *fault, const char *typed, struct answer *a);
enum err MUST_CHECK view_mailbox(const struct site *s, const struct request *r,
    const struct op_session_is *is, const struct replies *replies, struct answer *a);
enum err MUST_CHECK view_signed_out(
    const struct site *s, const struct request *r, struct answer *a);
enum err MUST_CHECK view_fingerprints(
    const struct site *s, const struct request *r, struct answer *a);
enum err MUST_CHECK view_how(const struct site *s, const struct request *r, struct answer *a);
/* which: PAGE_BAD_REQUEST to PAGE_CROSS_SITE; its status comes along. */
enum err MUST_CHECK view_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a);
/* The same for an upload, of which nothing was kept. */
enum err MUST_CHECK view_upload_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a);
/* What has come of the upload whose token is r's; it asks for itself again while that may change.
 */
enum err MUST_CHECK view_progress(const struct site *s, const struct request *r, struct answer *a);
/* Its figures: in KB below 10 MB. */
void view_progress_seen(struct model *v, const struct submit_seen *seen);
/* Where the receipt will stand, before there is one. */
enum err MUST_CHECK view_slot(const struct site *s, const struct request *r, struct answer *a);
/* A file of server/static. */
enum err MUST_CHECK view_static(enum page_id page, enum answer_type type, struct answer *a);
/* 303 to a path of ours, in the language that was chosen by hand, if any. */
void view_redirect(
    const struct site *s, const struct request *r, const char *path, struct answer *a);

#endif
