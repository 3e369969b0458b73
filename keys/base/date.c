#include "date.h"

#include <stdbool.h>
#include <stdio.h>

#include "text.h"

static bool
is_leap(int32_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int32_t
month_days(int32_t y, int32_t m)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[m - 1] + (m == 2 && is_leap(y));
}

/* Days before January 1 of year y, from 1970. */
static int32_t
year_start(int32_t y)
{
	int32_t p = y - 1;

	return 365 * (y - 1970) + (p / 4 - p / 100 + p / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static enum err
digits(const char *s, size_t n, int32_t *out)
{
	int32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (s[i] - '0');
	}
	*out = v;
	return ERR_OK;
}

enum err
date_parse(const char *s, size_t len, int32_t *day)
{
	int32_t y, m, d, i, n;

	if (len != DATE_DAY_LEN || s[4] != '-' || s[7] != '-' || digits(s, 4, &y) != ERR_OK ||
	    digits(s + 5, 2, &m) != ERR_OK || digits(s + 8, 2, &d) != ERR_OK)
		return ERR_FORMAT;
	if (y < 1970 || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
		return ERR_FORMAT;
	n = year_start(y) + d - 1;
	for (i = 1; i < m; i++)
		n += month_days(y, i);
	*day = n;
	return ERR_OK;
}

void
date_format(char out[static DATE_DAY_LEN + 1], int32_t day)
{
	int32_t y = 1970 + day / 366, m = 1;

	while (y < 9999 && year_start(y + 1) <= day)
		y++;
	day -= year_start(y);
	while (m < 12 && day >= month_days(y, m))
		day -= month_days(y, m++);
	snprintf(out, DATE_DAY_LEN + 1, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100,
	    (unsigned)(day + 1) % 100);
}

int32_t
date_day_of(int64_t sec)
{
	return (int32_t)(sec / DATE_DAY_SEC - (sec % DATE_DAY_SEC < 0));
}

void
date_format_minute(char out[static DATE_MINUTE_LEN + 1], int64_t sec)
{
	int32_t day = date_day_of(sec);
	unsigned min = (unsigned)((sec - (int64_t)day * DATE_DAY_SEC) / 60);

	date_format(out, day);
	snprintf(out + DATE_DAY_LEN, DATE_MINUTE_LEN + 1 - DATE_DAY_LEN, "T%02u:%02uZ",
	    min / 60 % 100, min % 60);
}
