#ifndef SEALSLOT_FRONT_TIMING_H
#define SEALSLOT_FRONT_TIMING_H

#include <stdint.h>

/*
 * How patient front is. Two libraries implement it: timing.c has the values of
 * limits.h; timing_test.c, for test builds only, lets a test shorten them.
 */
struct timing {
	int64_t header_ms; /* LIMIT_HTTP_HEADER_MS */
	int64_t idle_ms;   /* LIMIT_HTTP_IDLE_MS */
	int64_t drain_ms;  /* LIMIT_DRAIN_MS */
	int64_t yield_ms;  /* LIMIT_YIELD_MS */
	int64_t hour_ms;   /* as the configuration means it */
};

struct timing timing_get(void);

#endif
