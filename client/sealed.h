#ifndef SEALSLOT_CLIENT_SEALED_H
#define SEALSLOT_CLIENT_SEALED_H

#include "base/buf.h"
#include "base/err.h"
#include "open/identity.h"

/* The vault's own files: texts in memory, sealed as age files to the unlock identity. */

/* A buffer that holds the age file of a text of at most n bytes. */
#define SEALED_MAX(n) ((n) + (n) / 1024 + 512)

/* Appends the age file of plain to out. */
enum err MUST_CHECK sealed_make(
    const struct identity *unlock, const struct buf *plain, struct buf *out);
/* Appends the plaintext of a whole age file to out; errors as age_open_mem, ERR_LIMIT past its max.
 */
enum err MUST_CHECK sealed_open(
    const struct identity *unlock, const struct buf *sealed, struct buf *out);

#endif
