#include "clock.h"

#include <time.h>

#include "date.h"

int
clock_start(void)
{
	return 0;
}

int64_t
clock_now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

int32_t
clock_today(void)
{
	return date_day_of(clock_now());
}

int64_t
clock_mono_ms(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
