#ifndef SEALSLOT_STORE_DEPOT_H
#define SEALSLOT_STORE_DEPOT_H

#include <pthread.h>

#include "conf/conf.h"
#include "store/db.h"
#include "store/folder.h"
#include "store/schedules.h"
#include "store/state.h"
#include "wire/op.h"
#include "wire/reason.h"

/* What it is opened for. */
enum depot_care {
	DEPOT_WORK = OP_CARE_WORK,
	DEPOT_CHECK = OP_CARE_CHECK,
	DEPOT_REPAIR = OP_CARE_REPAIR,
};

/* The opened store: its folder, index, schedules, and what it remembers. One process has it. */
struct depot {
	const struct conf *conf; /* borrowed */
	struct minisign_key root;
	enum depot_care care;
	struct folder folder;
	struct db *db;
	pthread_mutex_t db_lock; /* for db alone */
	struct state state;
	struct schedules schedules;
	enum err index_fault; /* of a check or repair: ERR_NOTFOUND (lost), ERR_FORMAT (damaged) */
	int32_t day;          /* that day_bytes is about */
	uint64_t day_bytes;   /* of ciphertext that came on it */
	uint64_t rebuilt;     /* rows that were missing and were made from their files */
};

/* Makes a store in an empty folder: keys, index, state. */
enum err MUST_CHECK depot_create(
    const struct conf *c, const struct minisign_key *root, struct reason *why);
/*
 * Opens and locks a store, compares the root key with the one it was made
 * with, adds rows for files without one. *d is the caller's to close.
 * A schedule that doesn't verify is no error here: d->schedules.active is NULL and *why says why.
 */
enum err MUST_CHECK depot_open(
    struct depot *d, const struct conf *c, const struct minisign_key *root, struct reason *why);
/* The same, to check it (nothing is changed), or to repair it (mend.h). */
enum err MUST_CHECK depot_open_for(struct depot *d, const struct conf *c,
    const struct minisign_key *root, enum depot_care care, struct reason *why);
/* Accepts a zeroed struct, and one that depot_open refused. */
void depot_close(struct depot *d);

/* Bytes that came today, counted from the index once a day; what is committed is the caller's to
 * add to d->day_bytes. What can't be read counts as nothing. */
uint64_t depot_day_bytes(struct depot *d);
/* Is the clock to be trusted today? Remembers the day if so. ERR_CLOCK. */
enum err MUST_CHECK depot_judge_clock(struct depot *d);
/*
 * Deletes submissions and replies that are older than the retention of the configuration says.
 * Only while the clock is trusted: ERR_CLOCK otherwise. A row goes before its file: what a power
 * cut leaves between gets its row again at the next start, and goes the next time. One call does
 * LIMIT_EXPIRE_BATCH at most, so that others needn't wait for all of them; *is_more: call it again.
 */
enum err MUST_CHECK depot_expire(struct depot *d, bool *is_more);
/* The admin says that it is: from now on today is the latest day seen. */
enum err MUST_CHECK depot_clock_ok(struct depot *d, struct reason *why);
/* As schedules_accept; adds a word about a gap to why, which is empty otherwise. */
enum err MUST_CHECK depot_publish(
    struct depot *d, const struct buf *text, const struct buf *sig, struct reason *why);
/* Reads the schedules again. */
enum err MUST_CHECK depot_reload(struct depot *d, struct reason *why);
/* What the store itself knows for status; the uploads in flight and the room are the caller's. */
enum err MUST_CHECK depot_status(struct depot *d, struct op_status *out);

#endif
