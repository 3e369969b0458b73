#include "schedule_name.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PREFIX "keys-"

void
schedule_name(char out[static SCHEDULE_NAME_MAX], uint32_t serial, const char *extension)
{
	snprintf(out, SCHEDULE_NAME_MAX, PREFIX "%04u%s", serial, extension);
}

uint32_t
schedule_name_serial(const char *name)
{
	char again[SCHEDULE_NAME_MAX];
	size_t n = strlen(name), prefix = strlen(PREFIX), tail = strlen(SCHEDULE_NAME_TEXT);
	const char *digits = name + prefix;
	uint64_t v;

	if (n <= prefix + tail || strncmp(name, PREFIX, prefix) != 0)
		return 0;
	for (n -= prefix + tail; n > 1 && *digits == '0'; n--)
		digits++;
	if (text_number(digits, n, UINT32_MAX, &v) != ERR_OK)
		return 0;
	/* Only the one spelling counts. */
	schedule_name(again, (uint32_t)v, SCHEDULE_NAME_TEXT);
	return strcmp(again, name) == 0 ? (uint32_t)v : 0;
}
