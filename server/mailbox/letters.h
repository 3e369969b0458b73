#ifndef SEALSLOT_MAILBOX_LETTERS_H
#define SEALSLOT_MAILBOX_LETTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/reply.h"
#include "mailbox/codename.h"
#include "wire/op.h"

/*
 * The replies of one mailbox, as store gave them, opened one by one. What
 * doesn't open (damaged, or put there by somebody who doesn't know the format)
 * is skipped: a source can do nothing about it.
 */
struct letters;

/* items: the content of OP_REPLIES' memfd, copied; keys: copied. *out is the caller's. ERR_FORMAT,
 * ERR_NOMEM. */
enum err MUST_CHECK letters_new(
    const void *items, size_t n, const struct codename_keys *keys, struct letters **out);
/* Wipes. Accepts NULL. */
void letters_free(struct letters *l);
/*
 * The next piece of text, at most max bytes, cut at a UTF-8 border; head says to which reply it
 * belongs and how much follows. ERR_NOTFOUND: there is no more. ERR_LIMIT: there is,
 * but not on front's page: more than LIMIT_REPLIES, or more text than LIMIT_PAGE_TEXT.
 */
enum err MUST_CHECK letters_next(
    struct letters *l, struct op_text *head, uint8_t *piece, size_t max, size_t *n);

#endif
