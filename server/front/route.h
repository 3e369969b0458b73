#ifndef SEALSLOT_FRONT_ROUTE_H
#define SEALSLOT_FRONT_ROUTE_H

#include "base/err.h"
#include "front/answer.h"
#include "front/request.h"
#include "front/site.h"
#include "front/task.h"

/* Which request gets which answer. */

/*
 * May it be served at all? ERR_OK: it may. ERR_STATE: it may not, and *a says
 * why (the caller wipes it): a fault of its head, a foreign host, a gateway, a
 * page that doesn't exist or takes no such method, a body that can't be taken now. ERR_NOMEM.
 */
enum err MUST_CHECK route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a);
/*
 * Serves an admitted request. ERR_OK: *a is the answer. ERR_AGAIN: *out, the caller's, will have
 * it. Any other error: there is none. a is initialised unless it says ERR_AGAIN. r is borrowed for
 * as long as *out lives.
 */
enum err MUST_CHECK route_begin(struct site *s, const struct request *r,
    const struct task_owner *owner, struct task **out, struct answer *a);

#endif
