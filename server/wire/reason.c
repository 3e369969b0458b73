#include "wire/reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum err
reason_set(struct reason *r, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
	text_clean(r->text);
	return e;
}

enum err
reason_sys(struct reason *r, enum err e, const char *fmt, ...)
{
	const char *why = e == ERR_SYS ? strerror(errno) : err_text(e);
	const char *advice = err_advice(e);
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
	n = strlen(r->text);
	snprintf(r->text + n, sizeof r->text - n, ": %s%s%s", why, advice[0] == '\0' ? "" : ". ",
	    advice);
	text_clean(r->text);
	return e;
}
