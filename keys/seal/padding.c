#include "padding.h"

#define EIGHTHS_BELOW (1ULL << 28)

/* floor(log2 v) for v >= 1 */
static unsigned
log2_floor(uint64_t v)
{
	return 63 - (unsigned)__builtin_clzll(v);
}

uint64_t
padding_bucket(uint64_t len)
{
	unsigned octave, bits;
	uint64_t step;

	if (len <= PADDING_MIN)
		return PADDING_MIN;
	octave = log2_floor(len);
	/* Three significant bits below the leading one, or as many as Padme keeps. */
	bits = len < EIGHTHS_BELOW ? 3 : log2_floor(octave) + 1;
	step = 1ULL << (octave - bits);
	return (len + step - 1) & ~(step - 1);
}
