#ifndef SEALSLOT_MAILBOX_CALL_ANSWERS_H
#define SEALSLOT_MAILBOX_CALL_ANSWERS_H

#include "mailbox/calls.h"
#include "wire/wire.h"

/*
 * What the mailbox answers, handed to whoever called: once the answer is whole
 * and fits what was asked. Internal to mailbox_client.c.
 */

/* msg is borrowed. Its callback may call anything; what belongs to no call is left alone. */
void call_answers_take(struct mailbox *m, const struct wire_msg *msg);

#endif
