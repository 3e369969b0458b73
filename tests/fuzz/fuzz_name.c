/* Whatever the original: the name stays in its folder, on its line, and keeps its number. */
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "name.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char out[NAME_MAX_LEN + 1];
	size_t len, i, total;

	if (n > 2000 || memchr(p, '\0', n) != NULL)
		return 0;
	name_clean(out, "files/042-own.name", (const char *)p, n);
	total = strlen(out);
	FUZZ_CHECK(total > 4 && total <= NAME_MAX_LEN);
	FUZZ_CHECK(memcmp(out, "042-", 4) == 0);
	FUZZ_CHECK(strpbrk(out, "/\\:*?\"<>|") == NULL);
	FUZZ_CHECK(out[total - 1] != '.' && out[total - 1] != ' ');
	for (i = 0; i < total; i += len) {
		FUZZ_CHECK((len = text_utf8_len((uint8_t *)out + i, total - i)) != 0);
		FUZZ_CHECK(!text_is_treacherous(text_utf8_point((uint8_t *)out + i, len)));
	}
	return 0;
}
