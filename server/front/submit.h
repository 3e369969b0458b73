#ifndef SEALSLOT_FRONT_SUBMIT_H
#define SEALSLOT_FRONT_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/page.h"
#include "front/request.h"
#include "front/site.h"
#include "front/task.h"

/*
 * One form coming back: what intake (one upload) needs from HTTP, the site and
 * the mailbox, and what page tells how it ended. Before its body it gets a
 * codename, or shows a session that lives; without either it is refused there. The same form sent
 * twice is stored once: one that still comes in gives way to the newer; one that was committed
 * before is refused with the way to its receipt, and never with the receipt itself, because
 * nobody looks whether what was in it has changed since.
 */

#define SUBMIT_PATH         "/submit"       /* under a codename of its own */
#define SUBMIT_MAILBOX_PATH "/mailbox/send" /* under that of the session */

/*
 * What can be known from the head. ERR_OK: it may begin. ERR_STATE: *a says why not. ERR_NOMEM.
 */
enum err MUST_CHECK submit_admit(const struct site *s, const struct request *r, struct answer *a);
/*
 * Begins; *out is the caller's. r is borrowed for as long as it lives. It may be over at once,
 * without a wake. ERR_NOMEM.
 */
enum err MUST_CHECK submit_new(
    struct site *s, const struct request *r, const struct task_owner *owner, struct task **out);

/* Ends the uploads whose body takes longer than the site allows. */
void submit_expire(struct site *s);

/* What the progress page tells of an upload under way. */
struct submit_seen {
	uint64_t done, total; /* bytes of its body that have come, and all of them */
	int64_t ms;           /* since the first of them could come */
};
/* Is there an upload with this token? */
bool submit_look(const struct site *s, const char *token, struct submit_seen *out);

#endif
