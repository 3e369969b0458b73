#ifndef SEALSLOT_STORE_SETTLE_NAMES_H
#define SEALSLOT_STORE_SETTLE_NAMES_H

#include <stddef.h>

#include "base/err.h"
#include "store/db.h"

/*
 * The places of names in a folder (settle.h): a file system puts a new name
 * behind the others, or into the first gap, and a file that takes over a name
 * takes over its place. So the names of a day give up their places, and take
 * them anew in random order.
 */

void settle_names_shuffle(struct db_item *items, size_t n);
/*
 * Renames each <id>.age to <id>.mix, then back; shuffles items. Names that aren't there are left
 * out. What a kill leaves between gets its name back at the next start, and here.
 */
enum err MUST_CHECK settle_names_mix(int folder, struct db_item *items, size_t n);
/* Gives one back. */
enum err MUST_CHECK settle_names_back(int folder, const char *id);

#endif
