#include "record.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"

enum err
record_read(const struct keystore *k, struct buf *out, struct tool_fault *f)
{
	enum err e;

	buf_init(out, LIMIT_KEY_LOG);
	e = io_read_file(keystore_dir(k), TOOL_LOG, out);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK)
		tool_refuse(f, e,
		    "Try again. If it stays so, the medium fails: copy the key store to another.",
		    TOOL_LOG ": %s", tool_reason(e));
	return e;
}

enum err
record_add(const struct keystore *k, struct tool_fault *f, const char *fmt, ...)
{
	char day[DATE_DAY_LEN + 1], line[LIMIT_KEY_LOG_LINE];
	struct buf log;
	va_list ap;
	enum err e;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if ((e = record_read(k, &log, f)) != ERR_OK)
		return e;
	date_format(day, clock_today());
	if (n < 0 || (size_t)n >= sizeof line)
		e = ERR_LIMIT;
	else if ((e = buf_addf(&log, "%s %s\n", day, line)) == ERR_OK)
		e = io_replace(keystore_dir(k), TOOL_LOG, log.p, log.len, 0600);
	if (e != ERR_OK)
		tool_refuse(f, e,
		    e == ERR_NOSPACE
			? "Make room where the key store is, and run the same command again."
			: "Put that right, and run the same command again.",
		    TOOL_LOG ": %s", tool_reason(e));
	buf_wipe(&log);
	return e;
}

bool
record_next(struct lines *at, struct record *out)
{
	struct lines_piece line, day;
	const char *why;

	while (lines_next(at, LIMIT_KEY_LOG_LINE, &line, &why) == ERR_OK) {
		if (!lines_word(&line, &day) || date_parse(day.p, day.len, &out->day) != ERR_OK)
			continue;
		if (!lines_word(&line, &out->event)) {
			out->event = line;
			line.len = 0;
		}
		out->rest = line;
		return true;
	}
	return false;
}

/* ---- ranges */

/* The ring is sorted; one range for each run of numbers of an inbox. */
enum err
record_ranges(const struct keyring *ring, struct buf *out)
{
	const struct keystore_epoch *a, *z;
	enum err e = ERR_OK;
	size_t i, j;

	for (i = 0; i < ring->n && e == ERR_OK; i = j) {
		a = z = &ring->p[i];
		for (j = i + 1; j < ring->n; j++) {
			if (strcmp(ring->p[j].inbox, a->inbox) != 0 ||
			    ring->p[j].number - z->number > 1)
				break;
			z = &ring->p[j];
		}
		e = buf_addf(out, "%s%s:%u", i == 0 ? "" : ",", a->inbox, a->number);
		if (e == ERR_OK && z->number != a->number)
			e = buf_addf(out, "-%u", z->number);
	}
	if (e == ERR_OK && ring->n == 0)
		e = buf_add_str(out, "none");
	return e;
}

/* "tips:1-26" */
static bool
range_has(struct lines_piece s, const char *inbox, uint32_t number)
{
	const char *dash;
	uint64_t first, last;
	size_t n;

	if (!lines_take(&s, inbox) || !lines_take(&s, ":"))
		return false;
	dash = memchr(s.p, '-', s.len);
	n = dash == NULL ? s.len : (size_t)(dash - s.p);
	if (text_number(s.p, n, UINT32_MAX, &first) != ERR_OK)
		return false;
	last = first;
	if (dash != NULL && text_number(dash + 1, s.len - n - 1, UINT32_MAX, &last) != ERR_OK)
		return false;
	return number >= first && number <= last;
}

bool
record_has(struct lines_piece ranges, const char *inbox, uint32_t number)
{
	struct lines_piece one;
	const char *comma;

	while (ranges.len > 0) {
		comma = memchr(ranges.p, ',', ranges.len);
		one = ranges;
		if (comma != NULL)
			one.len = (size_t)(comma - ranges.p);
		if (range_has(one, inbox, number))
			return true;
		ranges.p += one.len;
		ranges.len -= one.len;
		if (comma != NULL) {
			ranges.p++;
			ranges.len--;
		}
	}
	return false;
}

void
record_name(char *out, size_t size, const char *path)
{
	size_t i;

	for (i = 0; i + 1 < size && path[i] != '\0'; i++)
		out[i] = path[i] > 0x20 && path[i] < 0x7f ? path[i] : '?';
	out[i] = '\0';
}
