#include <string.h>

#include "base/limits.h"
#include "carry/bundle.h"
#include "fuzz.h"

/* What parses is exactly what would be written, and each item is found. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char comment[BUNDLE_COMMENT_MAX + 1];
	struct bundle_fault f = {0};
	struct bundle_index *b = NULL;
	struct buf again;
	size_t i;

	if (bundle_index_parse(p, n, &b, &f) != ERR_OK) {
		FUZZ_CHECK(b == NULL && f.why != NULL);
		return 0;
	}
	buf_init(&again, LIMIT_BUNDLE_INDEX);
	FUZZ_CHECK(bundle_index_format(b, &again) == ERR_OK);
	FUZZ_CHECK(again.len == n && memcmp(again.p, p, n) == 0);
	FUZZ_CHECK(bundle_comment(&b->head, comment, sizeof comment) == ERR_OK);
	for (i = 0; i < b->n_items; i++)
		FUZZ_CHECK(bundle_index_find(b, b->items[i].id) == &b->items[i]);
	buf_wipe(&again);
	bundle_index_free(b);
	return 0;
}
