#include <string.h>

#include "carry/handover.h"
#include "fuzz.h"

/* What parses is exactly what would be written. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct handover h;
	struct buf again;

	if (handover_parse(p, n, &h) != ERR_OK)
		return 0;
	buf_init(&again, HANDOVER_MAX);
	FUZZ_CHECK(handover_format(&h, &again) == ERR_OK);
	FUZZ_CHECK(again.len == n && memcmp(again.p, p, n) == 0);
	buf_wipe(&again);
	return 0;
}
