#ifndef SEALSLOT_STORE_MEND_H
#define SEALSLOT_STORE_MEND_H

#include "base/err.h"
#include "store/depot.h"
#include "wire/op.h"
#include "wire/reason.h"

/* What sealslotd check asks the store for. */

/* What the store alone can tell about itself; the rows are bundle_make_page's. */
void mend_look(struct depot *d, struct op_check_is *out);
/*
 * Mends items, struct op_mend each. Nothing is deleted: a file that isn't as it
 * was committed is set aside as <id>.damaged, and only a row whose file is gone
 * goes. ERR_STATE unless the depot was opened to be repaired.
 */
enum err MUST_CHECK mend_items(struct depot *d, const struct buf *list, struct reason *why);

/*
 * Opens the index of a depot that is opened to be checked or repaired. What is
 * lost or damaged is told by d->index_fault: a check looks at nothing in its
 * place; a repair keeps the damaged one as index.db.damaged-N, and makes
 * another from what can be read of it, and from the files.
 */
enum err MUST_CHECK mend_open_index(struct depot *d, struct reason *why);

#endif
