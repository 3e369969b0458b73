#ifndef SEALSLOT_BASE_CLOCK_H
#define SEALSLOT_BASE_CLOCK_H

#include <stdint.h>

/*
 * The only place that asks what time it is. Two libraries implement it:
 * clock.c reads the system's clock; clock_test.c, for test builds only, shifts
 * the calendar by what a mapped file says, so that a year passes in a minute
 * while time-outs stay as they are.
 */

/* Call once at start, before a sandbox. 0, or -1 with errno. */
int clock_start(void);
/* UTC, in seconds since 1970. */
int64_t clock_now(void);
/* The UTC day, as in date.h. */
int32_t clock_today(void);
/* Milliseconds on a clock that only goes forward; for deadlines. */
int64_t clock_mono_ms(void);

#endif
