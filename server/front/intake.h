#ifndef SEALSLOT_FRONT_INTAKE_H
#define SEALSLOT_FRONT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "conf/conf.h"
#include "front/manifest.h"
#include "front/schedule_ref.h"
#include "front/sealer.h"
#include "front/verdict.h"
#include "store/store.h"

/*
 * One upload, from the first body byte to the commit: owns all its stages
 * (multipart, form, archive, sealing, the descriptor, the store's answers). Runs on
 * the event thread; sealing and writing happen on the sealer's workers.
 *
 *   intake_start -> wake -> intake_put* -> intake_end -> wake (verdict != INTAKE_PENDING)
 *
 * What http.c has to know is when to wait (ERR_AGAIN) and what page to show
 * (the verdict). The fields of the form and their order are in form.h.
 */
struct intake;

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
	struct schedule_ref *schedule; /* one more reference is taken; NULL: there is none to use */
	int32_t today;
	const struct manifest_source *source; /* copied; NULL: no answer is possible */
	bool is_signed_in; /* may use what is kept of a day for those who have a codename */
	/*
	 * Called on the event thread, from sealer_on_readable or store_on_readable
	 * only: when intake_put would get further, or the verdict is there. May call
	 * anything here, also intake_free.
	 */
	void (*wake)(void *ctx);
	void *ctx;
};

/*
 * Begins: asks store for a descriptor. ERR_OK: *out is the caller's, wait for wake before the
 * first intake_put. Otherwise *verdict says why not (INTAKE_BUSY, INTAKE_NO_KEY, INTAKE_TOO_LARGE,
 * INTAKE_MALFORMED for a bad boundary, INTAKE_STORE_FAILED).
 */
enum err MUST_CHECK intake_start(struct intake_env *env, const struct intake_request *r,
    struct intake **out, enum intake_verdict *verdict);
/*
 * Takes body bytes; *used says how many. ERR_OK: all taken. ERR_AGAIN: wait for
 * wake, then go on with the rest. ERR_STATE: it has failed, see the verdict; the rest of
 * the body is of no use.
 */
enum err MUST_CHECK intake_put(struct intake *in, const void *p, size_t n, size_t *used);
/* The body is complete. The verdict of a bad one is there at once; otherwise wake comes with it. */
void intake_end(struct intake *in);
enum intake_verdict intake_verdict(const struct intake *in);
/* The form's token, from the moment it was read; NULL before. Its form was checked, nothing else.
 */
const char *intake_token(const struct intake *in);
/* Was the store ever asked to keep it? If not it is nowhere, and never will be. NULL: no. */
bool intake_was_offered(const struct intake *in);
/* What the store was told of it: complete once the verdict is INTAKE_STORED. */
const struct store_item *intake_item(const struct intake *in);
/* Body bytes taken so far, and the expected total: for the progress page. */
void intake_progress(const struct intake *in, uint64_t *done, uint64_t *total);
/*
 * Lets go of it in any state: aborts what isn't committed, wipes everything. Work of it that
 * a worker still holds is finished or wiped by the worker. Accepts NULL.
 */
void intake_free(struct intake *in);

#endif
