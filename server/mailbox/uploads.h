#ifndef SEALSLOT_MAILBOX_UPLOADS_H
#define SEALSLOT_MAILBOX_UPLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/codename.h"

/*
 * The codenames of uploads that run: taken before the body, issued after the
 * commit, or forgotten. In guarded memory. ref is front's number of the upload.
 */
struct uploads; /* at most LIMIT_IN_FLIGHT_MAX */

enum err MUST_CHECK uploads_new(struct uploads **out);
/* Wipes. Accepts NULL. */
void uploads_free(struct uploads *u);
/* name: NULL for somebody who is signed in. ERR_BUSY: all places taken; ERR_EXISTS: ref has one. */
enum err MUST_CHECK uploads_add(
    struct uploads *u, uint32_t ref, const struct codename_keys *keys, const struct codename *name);
/* Lets an upload wait for a codename, LIMIT_NAME_WAIT_MS long. */
enum err MUST_CHECK uploads_wait(struct uploads *u, uint32_t ref, int64_t now_ms);
/* Is somebody waiting? The one that waits longest. */
bool uploads_waiting(const struct uploads *u, uint32_t *ref);
/* Takes out one that has waited too long; false: there is none. */
bool uploads_overdue(struct uploads *u, int64_t now_ms, uint32_t *ref);
/* Moves it out; name is all zero for who was signed in. ERR_NOTFOUND. */
enum err MUST_CHECK uploads_take(
    struct uploads *u, uint32_t ref, struct codename_keys *keys, struct codename *name);
/* Forgets one; an unknown ref is no error. */
void uploads_drop(struct uploads *u, uint32_t ref);
void uploads_clear(struct uploads *u);

#endif
