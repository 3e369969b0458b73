#ifndef SEALSLOT_TEST_REPEATING_H
#define SEALSLOT_TEST_REPEATING_H

/* Random numbers that begin anew: with the same ones, two uploads of one body are the same bytes.
 * Include it in one source file of a program. */
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

static uint64_t repeating_state; /* set it to begin anew */

static const char *
repeating_name(void)
{
	return "repeating";
}

static uint32_t
repeating_next(void)
{
	repeating_state = repeating_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(repeating_state >> 32);
}

static void
repeating_fill(void *const p, const size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)repeating_next();
}

static struct randombytes_implementation repeating = {
    .implementation_name = repeating_name, .random = repeating_next, .buf = repeating_fill};

#endif
