#ifndef SEALSLOT_FRONT_QR_H
#define SEALSLOT_FRONT_QR_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends a QR code of a short text as a PNG of two colours: some kilobytes,
 * its pixels stored and not compressed, so that it needs nothing but CRCs. ERR_LIMIT: the text is
 * too long for a code that a phone reads; ERR_NOMEM.
 */
#define QR_TEXT_MAX 200
enum err MUST_CHECK qr_png(struct buf *out, const char *text);

#endif
