#ifndef SEALSLOT_FRONT_INTAKE_H
#define SEALSLOT_FRONT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "conf/conf.h"
#include "front/sealer.h"
#include "store/store.h"

/*
 * One upload, from the first body byte to the commit: owns all its stages
 * (multipart, archive, sealing, the descriptor, the store's answers). Runs on
 * the event thread; sealing and writing happen on the sealer's workers.
 *
 *   intake_start -> wake -> intake_put* -> intake_end -> wake (verdict != INTAKE_PENDING)
 *
 * What http.c has to know is when to wait (ERR_AGAIN) and what page to show
 * (the verdict).
 */
struct intake;

/* Why an upload ended; http.c has one page for each. */
enum intake_verdict {
	INTAKE_PENDING = 0,
	INTAKE_STORED,    /* committed: show the receipt */
	INTAKE_EMPTY,     /* neither a message nor a file */
	INTAKE_MALFORMED, /* not multipart/form-data as a browser sends it, truncated, wrong order
			   */
	INTAKE_UNKNOWN_FIELD, /* a field that the form doesn't have, or one twice */
	INTAKE_BAD_INBOX,     /* no such inbox */
	INTAKE_BAD_TOPIC,     /* a value that the form doesn't offer */
	INTAKE_BAD_TOKEN,     /* a missing or false form token */
	INTAKE_MESSAGE_TOO_LONG,
	INTAKE_TOO_MANY_FILES, /* files, parts, or names that need too much memory */
	INTAKE_TOO_LARGE,      /* more bytes than permitted */
	INTAKE_NO_KEY,         /* no valid epoch */
	INTAKE_NO_ROOM,        /* store is full */
	INTAKE_BUSY,           /* all places are taken */
	INTAKE_STORE_FAILED,   /* store is gone, or couldn't keep it */
};

/* What all uploads share; borrowed, outlives every intake. */
struct intake_env {
	const struct conf *conf;
	struct store *store;
	struct sealer *sealer;
	uint32_t in_flight; /* how many intakes exist */
};

struct intake_request {
	const char *boundary; /* borrowed during intake_start only */
	size_t boundary_len;
	uint64_t body_len;             /* Content-Length */
	struct schedule_ref *schedule; /* taken along: an upload keeps the keys it began with */
	int32_t today;
	/* Called on the event thread when intake_put or intake_end would get further, or the
	 * verdict is there. */
	void (*wake)(void *ctx);
	void *ctx;
};

/* A schedule that several uploads hold on to. */
struct schedule_ref {
	struct schedule *s;
	size_t refs;
};
struct schedule_ref *schedule_ref_new(struct schedule *s); /* takes s; NULL: no memory */
struct schedule_ref *schedule_ref_take(struct schedule_ref *r);
void schedule_ref_drop(struct schedule_ref *r); /* accepts NULL */

/*
 * Begins: asks store for a descriptor. ERR_OK: *out is the caller's, wait for wake before the
 * first intake_put. Otherwise *verdict says why not (INTAKE_BUSY, INTAKE_NO_KEY, INTAKE_MALFORMED
 * for a bad boundary...).
 */
enum err MUST_CHECK intake_start(struct intake_env *env, const struct intake_request *r,
    struct intake **out, enum intake_verdict *verdict);
/*
 * Takes body bytes; *used says how many. ERR_OK: all taken. ERR_AGAIN: wait for
 * wake, then go on with the rest. ERR_STATE: it has failed, see the verdict; the rest of
 * the body is of no use.
 */
enum err MUST_CHECK intake_put(struct intake *in, const void *p, size_t n, size_t *used);
/* The body is complete. Afterwards wake comes once there is a verdict. */
void intake_end(struct intake *in);
enum intake_verdict intake_verdict(const struct intake *in);
/* Body bytes taken so far, and the expected total: for the progress page. */
void intake_progress(const struct intake *in, uint64_t *done, uint64_t *total);
/*
 * Lets go of it in any state: aborts what isn't committed, wipes everything. Work of it that
 * a worker still holds is waited for by the sealer, not here. Accepts NULL.
 */
void intake_free(struct intake *in);

#endif
