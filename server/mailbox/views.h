#ifndef SEALSLOT_MAILBOX_VIEWS_H
#define SEALSLOT_MAILBOX_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/letters.h"

/* Mailboxes that are being read at this moment: from front's request to the last piece of text. */
struct views; /* at most LIMIT_VIEWS, for LIMIT_VIEW_MS each */

enum err MUST_CHECK views_new(struct views **out);
/* Wipes. Accepts NULL. */
void views_free(struct views *v);
/* ERR_BUSY: all places taken; ERR_EXISTS: ref has one. */
enum err MUST_CHECK views_open(
    struct views *v, uint32_t ref, const struct codename_keys *keys, int64_t now_ms);
/* Are its replies asked for, and not there yet? */
bool views_waits(struct views *v, uint32_t ref);
/* What store sent for ref. fd is borrowed. ERR_NOTFOUND: nobody waits for it any more. */
enum err MUST_CHECK views_fill(struct views *v, uint32_t ref, int fd);
/* It is over before: nobody waits for it. One that isn't there is no error. */
void views_drop(struct views *v, uint32_t ref);
/* As letters_next; the view is over after anything but ERR_OK. */
enum err MUST_CHECK views_next(
    struct views *v, uint32_t ref, struct op_text *head, uint8_t *piece, size_t max, size_t *n);
/* The replies of ref won't come. Its place is free already. */
typedef void views_tell(void *ctx, uint32_t ref);
/* Drops those that wait for store, telling each. */
void views_lose_store(struct views *v, views_tell *tell, void *ctx);
/* Drops those whose time is over, telling each that waits for store. */
void views_sweep(struct views *v, int64_t now_ms, views_tell *tell, void *ctx);
void views_clear(struct views *v);
size_t views_count(const struct views *v);

#endif
