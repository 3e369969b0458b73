#ifndef SEALSLOT_PARENT_LOGO_H
#define SEALSLOT_PARENT_LOGO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Is it a PNG (RFC 2083) of at most LIMIT_LOGO bytes and LIMIT_LOGO_SIDE pixels, and
 * a picture alone? A comment, a date or a camera's name in it would be shown to every
 * source. ERR_FORMAT, ERR_LIMIT; *why: what it must be, static.
 */
enum err MUST_CHECK logo_check(const uint8_t *p, size_t n, const char **why);

#endif
