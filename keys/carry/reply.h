#ifndef SEALSLOT_CARRY_REPLY_H
#define SEALSLOT_CARRY_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

/*
 * The plaintext of a reply to a source (keys/FORMATS.md section 5). It is
 * sealed to the source's `reply_to` and padded, so that its size says little:
 *
 *   sealslot-reply 1
 *   day: 2026-03-05
 *   length: 123
 *   <empty line>
 *   123 bytes of UTF-8 text
 *   zero bytes up to the next multiple of LIMIT_REPLY_STEP
 */
struct reply {
	int32_t day;
	const char *text; /* borrowed from what was parsed; UTF-8, not terminated */
	size_t len;
};

/* The longest text whose sealed reply is at most LIMIT_REPLY bytes. */
size_t reply_text_max(void);
/* Appends the padded plaintext. ERR_LIMIT: longer than reply_text_max; ERR_FORMAT: not UTF-8, or
 * empty. */
enum err MUST_CHECK reply_format(const struct reply *r, struct buf *out);
/* ERR_FORMAT for anything that reply_format wouldn't have written. */
enum err MUST_CHECK reply_parse(struct reply *r, const void *p, size_t n);

#endif
