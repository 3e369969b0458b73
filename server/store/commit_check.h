#ifndef SEALSLOT_STORE_COMMIT_CHECK_H
#define SEALSLOT_STORE_COMMIT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "carry/schedule.h"
#include "wire/op.h"

/*
 * What front says of an upload that is complete, against the schedule that the
 * store has itself; NULL: it has none. Looks at nothing else.
 */

/* Does the commit say something that front can honestly say? */
bool commit_check_is_sound(const struct schedule *s, const struct op_commit *c);
/*
 * Is there no key that opens it? From LIMIT_UPLOAD_DAYS after an epoch's end on its key may be
 * destroyed, and then the schedule lists it no more: a receipt would promise what nobody can keep.
 * today: as clock_today. Of a sound one.
 */
bool commit_check_is_too_late(const struct schedule *s, const struct op_commit *c, int32_t today);

#endif
