#ifndef SEALSLOT_CLIENT_ALARM_H
#define SEALSLOT_CLIENT_ALARM_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog.h"

/*
 * What must not be forgotten: an alarm stands above every list until somebody
 * puts it aside, or the reason for it is gone.
 */

/* Raises an alarm, unless this very one was raised before. id may be NULL. */
enum err MUST_CHECK alarm_raise(
    struct catalog *c, enum catalog_alarm_kind kind, uint64_t a, uint64_t b, const char *id);
/* Puts aside the gaps whose bundles have all come by now. */
enum err MUST_CHECK alarm_close_gaps(struct catalog *c);
/* Puts one aside. ERR_NOTFOUND. */
enum err MUST_CHECK alarm_put_aside(struct catalog *c, uint32_t number);
/* How many stand. */
size_t alarm_count(const struct catalog *c);
/* Appends in plain words what happened, and what to do now; trusted text. */
enum err MUST_CHECK alarm_text(struct buf *out, const struct catalog_alarm *a);

#endif
