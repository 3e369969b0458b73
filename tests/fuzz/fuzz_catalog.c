/* What a catalog accepts it writes again, and makes the same of it. */
#include <string.h>

#include "catalog.h"
#include "catalog_old.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct catalog a, b;
	struct buf first, again;
	size_t line;

	catalog_init(&a);
	catalog_init(&b);
	buf_init(&first, 16 * n + 4096);
	buf_init(&again, 16 * n + 4096);
	if (catalog_load(&a, p, n, &line) == ERR_OK) {
		FUZZ_CHECK(catalog_old_mark(&a) == ERR_OK);
		FUZZ_CHECK(catalog_dump(&a, &first) == ERR_OK);
		FUZZ_CHECK(catalog_load(&b, first.p, first.len, &line) == ERR_OK);
		FUZZ_CHECK(catalog_dump(&b, &again) == ERR_OK);
		FUZZ_CHECK(first.len == again.len &&
			   (first.len == 0 || memcmp(first.p, again.p, first.len) == 0));
	}
	buf_wipe(&first);
	buf_wipe(&again);
	catalog_wipe(&a);
	catalog_wipe(&b);
	return 0;
}
