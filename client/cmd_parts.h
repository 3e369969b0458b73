#ifndef SEALSLOT_CLIENT_CMD_PARTS_H
#define SEALSLOT_CLIENT_CMD_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "item.h"
#include "vault.h"

/* Lines that say which files of an open submission are parts of a larger one, how many of that
 * have come, and how it is put together; nothing if none is. As parts_search. */
enum err MUST_CHECK cmd_parts_put(struct buf *out, struct vault *v, const char *path,
    const struct catalog_item *row, const struct item *it);

#endif
