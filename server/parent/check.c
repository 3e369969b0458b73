#include "parent/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

void
check_init(struct check_report *r)
{
	*r = (struct check_report){.n = {0}};
	buf_init(&r->lines, SIZE_MAX);
}

void
check_wipe(struct check_report *r)
{
	buf_wipe(&r->lines);
}

enum err
check_say(struct check_report *r, enum check_kind kind, size_t *same, const char *fmt, ...)
{
	struct check_line line = {.kind = kind};
	va_list ap;

	r->n[kind]++;
	if (same != NULL && ++*same > CHECK_SAME_MAX)
		return ERR_OK;
	va_start(ap, fmt);
	vsnprintf(line.text, sizeof line.text, fmt, ap);
	va_end(ap);
	text_clean(line.text);
	return buf_add(&r->lines, &line, sizeof line);
}

enum err
check_say_more(struct check_report *r, enum check_kind kind, size_t same, const char *what)
{
	struct check_line line = {.kind = kind};

	if (same <= CHECK_SAME_MAX)
		return ERR_OK;
	snprintf(line.text, sizeof line.text, "%zu more: %s.", same - CHECK_SAME_MAX, what);
	return buf_add(&r->lines, &line, sizeof line);
}
