#ifndef SEALSLOT_FRONT_ENDINGS_H
#define SEALSLOT_FRONT_ENDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * How uploads ended, for LIMIT_RECEIPT_MS, so that the progress page can say
 * it: by a hash of the form's token, at most LIMIT_RECEIPTS, then the oldest
 * goes. Times are clock_mono_ms.
 */
struct endings;

enum err MUST_CHECK endings_new(struct endings **out);
void endings_free(struct endings *e); /* accepts NULL */
/* how is the caller's number, not 0. The latest one of a token counts. */
void endings_note(struct endings *e, const char *token, unsigned how, int64_t now);
/* 0: nothing is known of this token. */
unsigned endings_find(const struct endings *e, const char *token, int64_t now);

#endif
