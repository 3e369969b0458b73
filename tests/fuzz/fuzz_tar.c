#include <string.h>

#include "carry/tar.h"
#include "fuzz.h"

/* Blocks one after another, without contents: each member is exactly what would be written. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t again[TAR_HEAD_MAX];
	size_t at, len = 0, blocks = 0;
	struct tar_member m;
	struct tar_read t;
	enum err e;

	tar_read_init(&t);
	for (at = 0; n - at >= TAR_BLOCK; at += TAR_BLOCK) {
		e = tar_read_block(&t, p + at, &m);
		blocks++;
		if (e == ERR_AGAIN)
			continue;
		if (e != ERR_OK) {
			FUZZ_CHECK(tar_read_block(&t, p + at, &m) == ERR_STATE);
			break;
		}
		FUZZ_CHECK(tar_header_write(again, &len, m.name, m.size) == ERR_OK);
		FUZZ_CHECK(len == blocks * TAR_BLOCK);
		FUZZ_CHECK(memcmp(again, p + at + TAR_BLOCK - len, len) == 0);
		FUZZ_CHECK((m.size + tar_pad(m.size)) % TAR_BLOCK == 0);
		blocks = 0;
	}
	return 0;
}
