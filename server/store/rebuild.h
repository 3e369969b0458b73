#ifndef SEALSLOT_STORE_REBUILD_H
#define SEALSLOT_STORE_REBUILD_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/schedules.h"

/*
 * A named file is complete by construction: if its row is missing (a power cut
 * between name and row, or a lost index), the row is made from the file, and
 * what the file can't tell is guessed from the schedule; serial 0 marks it.
 * *rebuilt counts the new rows.
 */
enum err MUST_CHECK rebuild_rows(
    int items, struct db *db, const struct schedules *schedules, uint64_t *rebuilt);

#endif
