#ifndef SEALSLOT_FRONT_VISIT_H
#define SEALSLOT_FRONT_VISIT_H

#include "base/err.h"
#include "front/answer.h"
#include "front/request.h"
#include "front/site.h"
#include "front/task.h"

/*
 * What a source does with its mailbox: each is a request that waits for the
 * mailbox process. Sign-in looks at the form's token of this server; all others at
 * a session, and those that change something at its form token.
 */

/* Is it a small form, and can the mailbox be asked? As submit_admit. */
enum err MUST_CHECK visit_admit(const struct site *s, const struct request *r, struct answer *a);

/* *out is the caller's; r is borrowed for as long as it lives. ERR_NOMEM. */
enum err MUST_CHECK visit_receipt(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);
enum err MUST_CHECK visit_mailbox(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);
enum err MUST_CHECK visit_sign_in(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);
enum err MUST_CHECK visit_remove(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);
enum err MUST_CHECK visit_sign_out(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);

#endif
