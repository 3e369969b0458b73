#ifndef SEALSLOT_PARENT_ANSWERS_READ_H
#define SEALSLOT_PARENT_ANSWERS_READ_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * Reads the archive of an answer bundle to its end, and appends what the store
 * wants of it (OP_ANSWERS): index, signature, replies with their heads. What is
 * in it is for the store to judge; here it is only taken apart. name is for the message.
 */
enum err MUST_CHECK answers_read(
    int fd, const char *name, struct buf *out, struct op_answers *lens, struct reason *why);

#endif
