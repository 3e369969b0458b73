#include "clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "date.h"

/*
 * Test builds only, never installed. SEALSLOT_TEST_CLOCK names a file of 8
 * bytes: a shift in seconds (int64, native order), read at every call.
 */
static const volatile int64_t *shift;

int
clock_start(void)
{
	const char *path = getenv("SEALSLOT_TEST_CLOCK");
	void *p;
	int fd;

	if (path == NULL || shift != NULL)
		return 0;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	p = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -1;
	shift = p;
	return 0;
}

int64_t
clock_now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + (shift == NULL ? 0 : *shift);
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
