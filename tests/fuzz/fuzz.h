#ifndef SEALSLOT_FUZZ_H
#define SEALSLOT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What each target defines (libFuzzer's entry point). Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Like assert, in every build. */
#define FUZZ_CHECK(x)                                                                              \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
