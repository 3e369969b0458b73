/*
 * A test program, never installed: every code point that text_is_treacherous
 * names, one a line, in hex.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

int
main(void)
{
	uint32_t c;

	for (c = 0; c <= 0x10ffff; c++)
		if (text_is_treacherous(c))
			printf("%" PRIx32 "\n", c);
	return fflush(stdout) == 0 ? 0 : 1;
}
