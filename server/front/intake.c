#include "intake.h"

#include <string.h>

#include "base/clock.h"
#include "front/plain.h"
#include "front/receive.h"

struct intake {
	struct intake_env *env;
	struct schedule_ref *schedule;
	void (*wake)(void *ctx);
	void *ctx;
	enum intake_verdict verdict;
	enum {
		INTAKE_OPENING,    /* the store was asked for a descriptor */
		INTAKE_RECEIVING,  /* body bytes come */
		INTAKE_FINISHING,  /* the rest of the archive is made in steps */
		INTAKE_WRITING,    /* the last chunk is with the sealer */
		INTAKE_COMMITTING, /* the store was asked to keep it */
		INTAKE_OVER,       /* there is a verdict */
	} state;
	bool is_waiting; /* intake_put said ERR_AGAIN */
	bool is_offered; /* the store was asked to keep it */
	uint32_t upload; /* the store's name for it; 0: none */
	uint64_t body_len;
	uint64_t taken;
	int64_t received;               /* when the body was complete */
	char token[FORM_TOKEN_LEN + 1]; /* outlives the form: progress and receipt go by it */
	struct sealer_file *file;
	struct store_item item;
	struct receive receive; /* last: most of its memory is never touched */
};

/* ---- the end */

/* Lets go of everything but the verdict, the counters and the token; aborts what isn't committed.
 */
static void
release(struct intake *in)
{
	receive_wipe(&in->receive);
	sealer_file_free(in->file);
	in->file = NULL;
	if (in->upload != 0)
		store_abort(in->env->store, in->upload);
	in->upload = 0;
	schedule_ref_drop(in->schedule);
	in->schedule = NULL;
	in->state = INTAKE_OVER;
}

static void
conclude(struct intake *in, enum intake_verdict v)
{
	in->verdict = v;
	release(in);
}

/* To the store, a limit is one of the whole file's size. */
static enum intake_verdict
store_verdict(enum err e)
{
	return e == ERR_LIMIT ? INTAKE_TOO_LARGE : verdict_of(e);
}

/* in may be gone afterwards. */
static void
wake(struct intake *in)
{
	in->is_waiting = false;
	in->wake(in->ctx);
}

/* ---- behind the body */

static void
on_committed(void *ctx, enum err e)
{
	struct intake *in = ctx;

	in->upload = 0;
	conclude(in, e == ERR_OK ? INTAKE_STORED : store_verdict(e));
	wake(in);
}

static enum err
commit(struct intake *in, uint64_t size)
{
	enum err e;

	sealer_file_free(in->file);
	in->file = NULL;
	in->item.size = size;
	in->is_offered = true;
	e = store_commit(in->env->store, in->upload, &in->item, on_committed, in);
	if (e == ERR_OK)
		in->state = INTAKE_COMMITTING;
	return e;
}

/* The descriptor is closed: everything is written, or something failed. */
static void
on_finished(void *ctx, enum err e, uint64_t size)
{
	struct intake *in = ctx;

	if (e == ERR_OK)
		e = commit(in, size);
	if (e == ERR_OK)
		return;
	conclude(in, store_verdict(e));
	wake(in);
}

static void
finish_archive(struct intake *in)
{
	enum err e = archive_finish(&in->receive.archive, in->received);

	if (e == ERR_OK) {
		in->state = INTAKE_WRITING;
		receive_wipe(&in->receive);
	} else if (e != ERR_AGAIN) {
		conclude(in, verdict_of(e));
	}
}

static void
on_ready(void *ctx)
{
	struct intake *in = ctx;

	if (in->state == INTAKE_FINISHING)
		finish_archive(in);
	if (in->is_waiting || in->state == INTAKE_OVER)
		wake(in);
}

/* What the store will be told: known when sealing began, and not after receive_wipe. */
static void
note_item(struct intake *in)
{
	const struct receive *r = &in->receive;
	struct store_item *item = &in->item;

	memcpy(item->id, r->id, sizeof item->id);
	memcpy(item->inbox, r->schedule->inboxes[r->form.inbox].name, sizeof item->inbox);
	item->epoch = r->seal.number;
	item->serial = r->schedule->serial;
}

void
intake_end(struct intake *in)
{
	enum intake_verdict v;

	if (in->state == INTAKE_OPENING)
		conclude(in, INTAKE_MALFORMED); /* a body without a byte */
	if (in->state != INTAKE_RECEIVING)
		return;
	if ((v = receive_end(&in->receive)) != INTAKE_PENDING) {
		conclude(in, v);
		return;
	}
	note_item(in);
	in->received = clock_now();
	in->state = INTAKE_FINISHING;
	finish_archive(in);
}

/* ---- the body */

enum err
intake_put(struct intake *in, const void *p, size_t n, size_t *used)
{
	enum intake_verdict v = INTAKE_MALFORMED;
	enum err e = ERR_STATE;
	size_t took = 0;

	*used = 0;
	if (in->state == INTAKE_OPENING) {
		in->is_waiting = true;
		return ERR_AGAIN;
	}
	if (in->state != INTAKE_RECEIVING)
		return ERR_STATE;
	/* More than was announced is no body that HTTP can have. */
	if (n <= in->body_len - in->taken)
		e = receive_put(&in->receive, p, n, &took, &v);
	in->taken += took;
	*used = took;
	if (in->token[0] == '\0')
		memcpy(in->token, in->receive.form.token, sizeof in->token);
	if (e == ERR_AGAIN)
		in->is_waiting = true;
	else if (e != ERR_OK)
		conclude(in, v);
	return e;
}

/* ---- the beginning */

/* Has any inbox a key for that day? Which one it is to be is known only from the body. */
static bool
has_key(const struct schedule *s, int32_t day)
{
	struct schedule_seal seal;
	size_t i;

	for (i = 0; i < s->n_inboxes; i++)
		if (schedule_current(s, i, day, &seal) == ERR_OK)
			return true;
	return false;
}

static enum intake_verdict
judge_request(const struct intake_env *env, const struct intake_request *r)
{
	if (r->schedule == NULL || !has_key(r->schedule->s, r->today))
		return INTAKE_NO_KEY;
	if (r->body_len > env->conf->max_upload)
		return INTAKE_TOO_LARGE;
	if (env->in_flight >= env->conf->max_in_flight)
		return INTAKE_BUSY;
	return INTAKE_PENDING;
}

static void
on_begun(void *ctx, enum err e, int fd)
{
	struct intake *in = ctx;
	struct sealer_events events = {in, on_ready, on_finished};

	if (e == ERR_OK)
		e = sealer_file_new(in->env->sealer, fd, &events, &in->file);
	else
		in->upload = 0;
	if (e == ERR_OK) {
		receive_attach(&in->receive, in->env->sealer, in->file);
		in->state = INTAKE_RECEIVING;
	} else {
		conclude(in, store_verdict(e));
	}
	wake(in);
}

static enum intake_verdict
init(struct intake *in, const struct intake_request *r)
{
	struct receive_setup setup = {
	    .conf = in->env->conf,
	    .schedule = r->schedule->s,
	    .today = r->today,
	    .boundary = r->boundary,
	    .boundary_len = r->boundary_len,
	    .source = r->source,
	};
	enum err e;

	in->wake = r->wake;
	in->ctx = r->ctx;
	in->body_len = r->body_len;
	in->item.is_signed_in = r->is_signed_in;
	in->schedule = schedule_ref_take(r->schedule);
	if (receive_init(&in->receive, &setup) != ERR_OK)
		return INTAKE_MALFORMED;
	e = r->is_signed_in
		? store_begin_signed_in(in->env->store, r->body_len, on_begun, in, &in->upload)
		: store_begin(in->env->store, r->body_len, on_begun, in, &in->upload);
	return e == ERR_OK ? INTAKE_PENDING : store_verdict(e);
}

enum err
intake_start(struct intake_env *env, const struct intake_request *r, struct intake **out,
    enum intake_verdict *verdict)
{
	enum intake_verdict v = judge_request(env, r);
	struct intake *in = NULL;

	if (v == INTAKE_PENDING && (in = plain_new(sizeof *in)) == NULL)
		v = INTAKE_BUSY;
	if (in != NULL) {
		in->env = env;
		env->in_flight++;
		v = init(in, r);
	}
	if (v != INTAKE_PENDING) {
		intake_free(in);
		*verdict = v;
		return ERR_STATE;
	}
	*out = in;
	return ERR_OK;
}

void
intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	if (in->state != INTAKE_OVER)
		release(in);
	in->env->in_flight--;
	plain_free(in, sizeof *in, sizeof *in);
}

/* ---- looking at it */

enum intake_verdict
intake_verdict(const struct intake *in)
{
	return in->verdict;
}

const char *
intake_token(const struct intake *in)
{
	return in->token[0] == '\0' ? NULL : in->token;
}

bool
intake_was_offered(const struct intake *in)
{
	return in != NULL && in->is_offered;
}

const struct store_item *
intake_item(const struct intake *in)
{
	return &in->item;
}

void
intake_progress(const struct intake *in, uint64_t *done, uint64_t *total)
{
	*done = in->taken;
	*total = in->body_len;
}
