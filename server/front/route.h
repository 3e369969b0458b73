#ifndef SEALSLOT_FRONT_ROUTE_H
#define SEALSLOT_FRONT_ROUTE_H

#include "base/err.h"
#include "front/answer.h"
#include "front/request.h"
#include "front/site.h"

/* Which request gets which answer. */

/* Is this the upload form coming back? Then submit.c takes it. */
bool route_is_submit(const struct request *r);
/*
 * May it be served at all? ERR_OK: it may. ERR_STATE: it may not, and *a says
 * why (the caller wipes it): a fault of its head, a foreign host, a gateway, a
 * page that doesn't exist or takes no such method. ERR_NOMEM.
 */
enum err MUST_CHECK route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a);
/* The answer to an admitted request without a body. */
enum err MUST_CHECK route_answer(struct site *s, const struct request *r, struct answer *a);

#endif
