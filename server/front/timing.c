#include "front/timing.h"

#include "base/limits.h"

struct timing
timing_get(void)
{
	return (struct timing){
	    LIMIT_HTTP_HEADER_MS, LIMIT_HTTP_IDLE_MS, LIMIT_DRAIN_MS, LIMIT_YIELD_MS, 3600000};
}
