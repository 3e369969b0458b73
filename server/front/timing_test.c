#include "front/timing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

/* Test builds only, never installed: SEALSLOT_TEST_TIMING="HEADER IDLE DRAIN [YIELD [HOUR]]", in
 * milliseconds. */
struct timing
timing_get(void)
{
	struct timing t = {
	    LIMIT_HTTP_HEADER_MS, LIMIT_HTTP_IDLE_MS, LIMIT_DRAIN_MS, LIMIT_YIELD_MS, 3600000};
	const char *s = getenv("SEALSLOT_TEST_TIMING");
	long long v[5] = {0, 0, 0, LIMIT_YIELD_MS, 3600000};

	if (s != NULL &&
	    sscanf(s, "%lld %lld %lld %lld %lld", &v[0], &v[1], &v[2], &v[3], &v[4]) >= 3)
		t = (struct timing){v[0], v[1], v[2], v[3], v[4]};
	return t;
}
