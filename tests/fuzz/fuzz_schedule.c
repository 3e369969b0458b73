#include <string.h>

#include "base/limits.h"
#include "carry/schedule.h"
#include "fuzz.h"

/* What parses is exactly what would be written; what doesn't says why. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char comment[SCHEDULE_COMMENT_MAX + 1];
	struct schedule_fault f = {0};
	struct schedule_seal seal;
	struct schedule *s = NULL;
	struct buf again;
	size_t i;

	if (schedule_parse(p, n, &s, &f) != ERR_OK) {
		FUZZ_CHECK(s == NULL && f.why != NULL);
		return 0;
	}
	buf_init(&again, LIMIT_SCHEDULE);
	FUZZ_CHECK(schedule_format(s, &again) == ERR_OK);
	FUZZ_CHECK(again.len == n && memcmp(again.p, p, n) == 0);
	FUZZ_CHECK(schedule_comment(s, comment, sizeof comment) == ERR_OK);
	for (i = 0; i < s->n_inboxes; i++)
		if (schedule_current(s, i, s->issued, &seal) == ERR_OK)
			FUZZ_CHECK(
			    schedule_last_day(s, s->issued) <= s->epochs[s->n_epochs - 1].end ||
			    s->n_inboxes > 1);
	buf_wipe(&again);
	schedule_free(s);
	return 0;
}
