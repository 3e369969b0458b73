#include "fuzz.h"

#include <string.h>

#include "base/limits.h"
#include "front/proxy.h"

/* In one piece or with its end still to come, it is the same line. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p;
	size_t len = 0, again = 0, i;
	uint32_t circuit = 0, other = 0;
	enum err e = proxy_parse(text, n, &len, &circuit);

	FUZZ_CHECK(e == ERR_OK || e == ERR_AGAIN || e == ERR_FORMAT);
	if (e != ERR_OK)
		return 0;
	FUZZ_CHECK(len <= n && len <= LIMIT_PROXY_LINE && memcmp(text + len - 2, "\r\n", 2) == 0);
	for (i = 0; i < len; i++)
		FUZZ_CHECK(proxy_parse(text, i, &again, &other) == ERR_AGAIN);
	FUZZ_CHECK(
	    proxy_parse(text, len, &again, &other) == ERR_OK && again == len && other == circuit);
	return 0;
}
