#ifndef SEALSLOT_STORE_COMMITTER_H
#define SEALSLOT_STORE_COMMITTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/random.h"
#include "store/db.h"
#include "store/upload.h"

/*
 * The commit protocol, away from the event loop, so that no disk makes other
 * uploads wait:
 *
 *   lease, compare, mode, time, sync the file     several threads, one file each
 *   link, sync the folder, add the rows           one thread at a time, for all that are ready
 *
 * A job that fails leaves nothing behind: neither name nor row.
 */
#define COMMITTER_THREADS 4

struct committer;

struct commit_job {
	int fd; /* the upload's reader; the committer's until the job is done, then closed */
	uint32_t ref;
	uint32_t owner; /* the caller's */
	char id[RANDOM_ID_LEN + 1];
	struct db_item row;
	struct upload_claim claim;
	enum err result; /* as store_committed */
	bool is_breach;  /* the writer isn't done, or wrote something else than it says */
	struct commit_job *next;
};

/* items and db are borrowed; db_lock guards db against the caller's own use of it. */
enum err MUST_CHECK committer_new(
    int items, struct db *db, pthread_mutex_t *db_lock, struct committer **out);
/* Waits for all jobs. Accepts NULL. */
void committer_free(struct committer *c);
/* Takes the job over (allocated by malloc). */
void committer_submit(struct committer *c, struct commit_job *job);
/* Is some job of before a day still under way, so that its row may yet come? */
bool committer_has_older(struct committer *c, int32_t day);
/* Readable while finished jobs wait. */
int committer_fd(const struct committer *c);
/* The next finished job, now the caller's (free); NULL if there is none. */
struct commit_job *committer_take(struct committer *c);

#endif
