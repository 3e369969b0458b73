#ifndef SEALSLOT_BASE_DATE_H
#define SEALSLOT_BASE_DATE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * UTC days, counted from 1970-01-01 (day 0). Own arithmetic: the C library's
 * reads /etc/localtime, which a sandboxed process may not.
 */
#define DATE_DAY_LEN    10 /* "2026-03-05" */
#define DATE_MINUTE_LEN 17 /* "2026-03-05T14:07Z" */
#define DATE_DAY_SEC    86400
#define DATE_LAST_DAY   2932896 /* 9999-12-31 */

/* Exactly "YYYY-MM-DD", a real day from 1970 to 9999. */
enum err MUST_CHECK date_parse(const char *s, size_t len, int32_t *day);
/* The same form with a NUL. day must be one that date_parse gives. */
void date_format(char out[static DATE_DAY_LEN + 1], int32_t day);
/* Seconds since 1970 as "YYYY-MM-DDTHH:MMZ" with a NUL. */
void date_format_minute(char out[static DATE_MINUTE_LEN + 1], int64_t sec);
/* The day of a time in seconds since 1970. */
int32_t date_day_of(int64_t sec);

#endif
