#ifndef SEALSLOT_STORE_CALENDAR_H
#define SEALSLOT_STORE_CALENDAR_H

#include <stdint.h>

#include "base/err.h"

/*
 * May the clock be trusted (keys/FORMATS.md section 4)? A wrong one would seal
 * to a key that has been destroyed, or isn't in anybody's hands yet. Days as in
 * date.h. seen is the latest day that was trusted. ERR_CLOCK: it went back by
 * more than a day, jumped ahead by more than LIMIT_CLOCK_JUMP_DAYS, or stands
 * before issued, the day on which the schedule was made (0: don't compare).
 */
enum err MUST_CHECK calendar_judge(int32_t today, int32_t seen, int32_t issued);

#endif
