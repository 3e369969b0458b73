#ifndef SEALSLOT_CLIENT_CATALOG_TOPICS_H
#define SEALSLOT_CLIENT_CATALOG_TOPICS_H

#include "base/buf.h"
#include "carry/lines.h"
#include "catalog.h"

/*
 * The topics of an item as one word of its line: name=value pairs with & between them, the bytes of
 * a value in %XX but for A-Z a-z 0-9 . _ -; a single "-" for none.
 */

/* Into out's topics, which were none; the caller's to free, also after a failure. ERR_FORMAT,
 * ERR_NOMEM. */
enum err MUST_CHECK catalog_topics_read(struct lines_piece s, struct catalog_item *out);
/* Appends the word. */
enum err MUST_CHECK catalog_topics_put(struct buf *out, const struct catalog_item *item);

#endif
