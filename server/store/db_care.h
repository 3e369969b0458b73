#ifndef SEALSLOT_STORE_DB_CARE_H
#define SEALSLOT_STORE_DB_CARE_H

#include "base/buf.h"
#include "store/db.h"

/* What an index needs beside its daily work: settling, checking, mending. Errors as in db.h. */

/* Calls each for every item of the days from..before-1, in no order that means anything. */
typedef enum err db_visit_day(void *ctx, const struct db_item *item);
enum err MUST_CHECK db_each_of_days(
    struct db *d, int32_t from, int32_t before, db_visit_day *each, void *ctx);
/* The bytes of all items of a day. */
enum err MUST_CHECK db_day_bytes(struct db *d, int32_t day, uint64_t *bytes);
/* Days that the store remembers, by a short name. ERR_NOTFOUND: never set. */
#define DB_MARK_SETTLED "settled" /* all items of before this day are */
enum err MUST_CHECK db_mark(struct db *d, const char *name, int32_t *day);
enum err MUST_CHECK db_set_mark(struct db *d, const char *name, int32_t day);
/*
 * Writes the whole index anew, ordered by its random ids, so that no page tells any more what came
 * before what. Takes as much memory, and for a moment as much disk, as the index has.
 */
enum err MUST_CHECK db_vacuum(struct db *d);
/* Reads every page. ERR_FORMAT: damaged. */
enum err MUST_CHECK db_integrity(struct db *d);
/* The same in half the time: doesn't compare the index of days with the rows. */
enum err MUST_CHECK db_quick_integrity(struct db *d);
/* Deletes the rows of these ids (DB_ID bytes each, one behind the other), all of them or none. */
enum err MUST_CHECK db_forget(struct db *d, const uint8_t *ids, size_t n);
/* Adds to d what can still be read of another index, replies included, and isn't in d. What can't
 * be read is no error. */
enum err MUST_CHECK db_salvage(struct db *d, const char *damaged);
/* Appends the whole index to out, as a database file in which no order of insertion is left. */
enum err MUST_CHECK db_snapshot(struct db *d, struct buf *out);
/* An index in memory alone, to look around where there is none on the disk. */
enum err MUST_CHECK db_open_nothing(struct db **out);

#endif
