#include "front/day_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/date.h"
#include "front/page.h"

#define RENDERED_MAX 1024

/* One blank for any run of white space, none at the ends. false: no room. */
static bool
squeeze(char out[static DAY_TEXT_MAX], const struct buf *b)
{
	size_t i, n = 0;
	bool is_after_blank = false;

	for (i = 0; i < b->len; i++) {
		if (b->p[i] == ' ' || b->p[i] == '\n') {
			is_after_blank = n > 0;
			continue;
		}
		if (n + 2 >= DAY_TEXT_MAX)
			return false;
		if (is_after_blank)
			out[n++] = ' ';
		is_after_blank = false;
		out[n++] = (char)b->p[i];
	}
	out[n] = '\0';
	return true;
}

void
day_text(char out[static DAY_TEXT_MAX], size_t lang, int32_t day)
{
	char iso[DATE_DAY_LEN + 1], number[3], text[DAY_TEXT_MAX];
	struct page_model m = {0};
	struct buf b;

	date_format(iso, day);
	memcpy(out, iso, sizeof iso);
	memcpy(number, iso + 8 + (iso[8] == '0'), sizeof number - (iso[8] == '0'));
	m.value[PAGE_JANUARY + (iso[5] - '0') * 10 + (iso[6] - '0') - 1] = "1";
	iso[4] = '\0';
	m.value[PAGE_YEAR] = iso;
	m.value[PAGE_NUMBER] = number;
	m.value[PAGE_FIRST] = strcmp(number, "1") == 0 ? "1" : NULL;
	buf_init(&b, RENDERED_MAX);
	if (page_render(&b, lang, PAGE_DATE, &m) == ERR_OK && squeeze(text, &b))
		memcpy(out, text, sizeof text);
	buf_wipe(&b);
}
