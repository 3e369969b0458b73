#ifndef SEALSLOT_CARRY_SCHEDULE_DOUBLES_H
#define SEALSLOT_CARRY_SCHEDULE_DOUBLES_H

#include "base/err.h"
#include "schedule.h"

/*
 * No recipient may stand twice in a schedule, be it listed or revoked (keys/FORMATS.md section 4):
 * what only all lines together show. ERR_FORMAT with the line in *fault, counted as the text has
 * it: 5 lines of head, then those of s in their order; ERR_NOMEM, also with *fault filled in.
 */
enum err MUST_CHECK schedule_doubles_check(const struct schedule *s, struct schedule_fault *fault);

#endif
