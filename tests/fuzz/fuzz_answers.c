#include <string.h>

#include "carry/answers.h"
#include "carry/reply.h"
#include "fuzz.h"

/* What parses is what would have been written; the first byte chooses index or reply. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct answers *a = NULL;
	struct answers_fault fault;
	struct reply r;
	struct buf again;

	if (n == 0)
		return 0;
	buf_init(&again, n);
	if (p[0] == 'r' && reply_parse(&r, p + 1, n - 1) == ERR_OK) {
		FUZZ_CHECK(reply_format(&r, &again) == ERR_OK);
		FUZZ_CHECK(again.len == n - 1 && memcmp(again.p, p + 1, n - 1) == 0);
	} else if (p[0] != 'r' && answers_parse(p + 1, n - 1, &a, &fault) == ERR_OK) {
		FUZZ_CHECK(answers_format(a, &again) == ERR_OK);
		FUZZ_CHECK(again.len == n - 1 && memcmp(again.p, p + 1, n - 1) == 0);
	}
	answers_free(a);
	buf_wipe(&again);
	return 0;
}
