#ifndef SEALSLOT_STORE_ADMIN_SAY_H
#define SEALSLOT_STORE_ADMIN_SAY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * The answer to an admin's verb. All are borrowed. ERR_CLOSED: the verb is
 * gone, or doesn't read, as one of ours would: let go of it. ERR_SYS.
 */

/* len bytes of body, and a descriptor; -1: none. */
enum err MUST_CHECK admin_say(
    int sock, enum op op, enum err result, const void *body, size_t len, int fd);
/* How it ended, and why. */
enum err MUST_CHECK admin_say_result(int sock, enum err e, const struct reason *why);
/* What is longer than a message: content goes as a file in memory. That there is no memory for it
 * is told as a result. */
enum err MUST_CHECK admin_say_content(
    int sock, enum op op, const struct buf *content, const void *body, size_t len);

#endif
