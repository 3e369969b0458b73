#ifndef SEALSLOT_TEST_RIG_H
#define SEALSLOT_TEST_RIG_H

/*
 * Uploads without HTTP and without a store process: a fake store behind
 * store.h, a fixed clock, a schedule and a configuration, and what an event
 * loop does. Shared by unit tests, the fuzz target and the by-hand measurement; include it in
 * one source file of a program. Aborts where it can't go on.
 */
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "front/intake.h"

#define RIG_NEED(x)                                                                                \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* ---- the clock */

#define RIG_DAY      20517 /* 2026-03-05 */
#define RIG_RECEIVED "2026-03-05T14:07Z"

int64_t
clock_now(void)
{
	return RIG_DAY * 86400LL + 14 * 3600 + 7 * 60 + 59;
}

/* ---- the store */

#define RIG_SLOTS 64

struct rig_slot {
	enum { RIG_FREE, RIG_BEGINNING, RIG_OPEN, RIG_COMMITTING } state;
	uint32_t upload;
	store_begun *begun;
	store_committed *committed;
	void *ctx;
	int fd; /* the fake's own end */
};

struct store {
	/* what it does; all ERR_OK and -1 at first */
	enum err begin_now, begin_later, commit_now, commit_later;
	int give;     /* a descriptor to hand out instead of a file's; -1: a file */
	bool is_mute; /* no callbacks come */
	/* what happened */
	unsigned begins, signed_in_begins, commits, aborts;
	uint64_t body_len;
	struct store_item item; /* of the last commit */
	int stored;             /* the last committed file, for reading; -1 */
	const char *folder;     /* where files go; NULL: memory */
	uint32_t next;
	struct rig_slot slot[RIG_SLOTS];
};

static inline struct rig_slot *
rig_slot(struct store *s, uint32_t upload)
{
	size_t i;

	for (i = 0; i < RIG_SLOTS; i++)
		if ((s->slot[i].state != RIG_FREE) == (upload != 0) &&
		    (upload == 0 || s->slot[i].upload == upload))
			return &s->slot[i];
	return NULL;
}

static inline void
rig_slot_free(struct rig_slot *t)
{
	io_close(&t->fd);
	t->state = RIG_FREE;
}

enum err
store_begin(struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload)
{
	struct rig_slot *t = rig_slot(s, 0);

	s->begins++;
	s->body_len = body_len;
	if (s->begin_now != ERR_OK)
		return s->begin_now;
	RIG_NEED(t != NULL);
	*t = (struct rig_slot){
	    .state = RIG_BEGINNING, .upload = ++s->next, .begun = cb, .ctx = ctx, .fd = -1};
	*upload = t->upload;
	return ERR_OK;
}

enum err
store_begin_signed_in(
    struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload)
{
	s->signed_in_begins++;
	return store_begin(s, body_len, cb, ctx, upload);
}

enum err
store_commit(
    struct store *s, uint32_t upload, const struct store_item *item, store_committed *cb, void *ctx)
{
	struct rig_slot *t = rig_slot(s, upload);

	RIG_NEED(t != NULL && t->state == RIG_OPEN);
	s->commits++;
	if (s->commit_now != ERR_OK)
		return s->commit_now;
	s->item = *item;
	t->state = RIG_COMMITTING;
	t->committed = cb;
	t->ctx = ctx;
	return ERR_OK;
}

void
store_abort(struct store *s, uint32_t upload)
{
	struct rig_slot *t = rig_slot(s, upload);

	RIG_NEED(upload != 0 && t != NULL);
	s->aborts++;
	rig_slot_free(t);
}

/* A write-only, appending descriptor as the store's, and the fake's own for reading. */
static inline int
rig_file(struct store *s, int *own)
{
	char path[64];
	int fd;

	if (s->folder == NULL)
		*own = memfd_create("rig", MFD_CLOEXEC);
	else
		*own = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	RIG_NEED(*own != -1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", *own);
	RIG_NEED((fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)) != -1);
	return fd;
}

static inline bool
rig_store_answer(struct store *s)
{
	struct rig_slot *t;
	bool did = false;
	size_t i;
	int fd = -1;

	for (i = 0; i < RIG_SLOTS && !s->is_mute; i++) {
		t = &s->slot[i];
		if (t->state == RIG_BEGINNING) {
			did = true;
			t->state = RIG_OPEN;
			if (s->begin_later != ERR_OK)
				rig_slot_free(t);
			else
				fd = s->give != -1 ? s->give : rig_file(s, &t->fd);
			t->begun(t->ctx, s->begin_later, s->begin_later == ERR_OK ? fd : -1);
		} else if (t->state == RIG_COMMITTING) {
			did = true;
			if (s->commit_later == ERR_OK) {
				io_close(&s->stored);
				s->stored = t->fd;
				t->fd = -1;
			}
			rig_slot_free(t);
			t->committed(t->ctx, s->commit_later);
		}
	}
	return did;
}

/* ---- keys */

/* One inbox `tips` for n recipients, epoch 31 around RIG_DAY, and with two another one. */
static inline struct schedule *
rig_schedule(const uint8_t (*recipients)[AGE_KEY], size_t n, size_t inboxes)
{
	struct schedule *s = calloc(1, sizeof *s);
	size_t i;

	RIG_NEED(s != NULL);
	memset(s->instance, 'a', 56);
	strcpy(s->instance + 56, ".onion");
	s->serial = 12;
	strcpy(s->inboxes[0].name, "tips");
	strcpy(s->inboxes[1].name, "culture");
	s->n_inboxes = inboxes;
	s->n_epochs = n * inboxes;
	RIG_NEED((s->epochs = calloc(s->n_epochs, sizeof *s->epochs)) != NULL);
	for (i = 0; i < s->n_epochs; i++) {
		s->epochs[i].inbox = (uint32_t)(i / n);
		s->epochs[i].number = 31 + (uint32_t)(i / n);
		s->epochs[i].start = RIG_DAY - 3;
		s->epochs[i].end = RIG_DAY + 11;
		memcpy(s->epochs[i].recipient, recipients[i % n], AGE_KEY);
	}
	return s;
}

static inline struct conf *
rig_conf(void)
{
	static const char cities[] = "Marseille\0Nice\0Saint-\xc3\x89tienne";
	struct conf *c = calloc(1, sizeof *c);

	RIG_NEED(c != NULL);
	c->max_upload = 4 * LIMIT_GIB;
	c->max_in_flight = RIG_SLOTS;
	c->n_topics = 2;
	strcpy(c->topics[0].name, "city");
	c->topics[0].n = 3;
	RIG_NEED((c->topics[0].values = malloc(sizeof cities)) != NULL);
	memcpy(c->topics[0].values, cities, sizeof cities);
	strcpy(c->topics[1].name, "technology");
	c->topics[1].n = 1;
	RIG_NEED((c->topics[1].values = strdup("drones")) != NULL);
	return c;
}

/* ---- the whole */

struct rig {
	struct store store;
	struct conf *conf;
	struct schedule_ref *schedule;
	struct intake_env env;
	struct intake *in;
	const char *boundary;
	unsigned wakes;
};

static inline void
rig_wake(void *ctx)
{
	((struct rig *)ctx)->wakes++;
}

static inline void
rig_start(struct rig *r, struct schedule *s, unsigned workers, unsigned chunks)
{
	*r = (struct rig){.store = {.give = -1, .stored = -1}, .boundary = "XbX"};
	r->conf = rig_conf();
	RIG_NEED((r->schedule = schedule_ref_new(s)) != NULL);
	RIG_NEED(sealer_new(workers, chunks, &r->env.sealer) == ERR_OK);
	r->env.conf = r->conf;
	r->env.store = &r->store;
}

static inline void
rig_stop(struct rig *r)
{
	size_t i;

	intake_free(r->in);
	RIG_NEED(r->env.in_flight == 0);
	sealer_free(r->env.sealer);
	schedule_ref_drop(r->schedule);
	conf_free(r->conf);
	io_close(&r->store.stored);
	for (i = 0; i < RIG_SLOTS; i++)
		RIG_NEED(r->store.slot[i].state == RIG_FREE);
}

static inline struct intake_request
rig_request(struct rig *r, uint64_t body_len)
{
	return (struct intake_request){.boundary = r->boundary,
	    .boundary_len = strlen(r->boundary),
	    .body_len = body_len,
	    .schedule = r->schedule,
	    .today = RIG_DAY,
	    .wake = rig_wake,
	    .ctx = r};
}

/* One turn of the event loop, waiting up to ms. False: nothing happened. */
static inline bool
rig_turn(struct rig *r, int ms)
{
	struct pollfd p = {.fd = sealer_fd(r->env.sealer), .events = POLLIN};
	bool did = rig_store_answer(&r->store);

	if (poll(&p, 1, did ? 0 : ms) != 1)
		return did;
	sealer_on_readable(r->env.sealer);
	return true;
}

/* Until wake comes; the count before the call that needs it. */
static inline void
rig_await(struct rig *r, unsigned wakes)
{
	while (r->wakes == wakes)
		RIG_NEED(rig_turn(r, 10000));
}

/* Begins and waits for the descriptor. False: there is a verdict. */
static inline bool
rig_open(struct rig *r, uint64_t body_len, enum intake_verdict *v)
{
	struct intake_request q = rig_request(r, body_len);
	unsigned wakes = r->wakes;

	RIG_NEED(r->in == NULL);
	if (intake_start(&r->env, &q, &r->in, v) != ERR_OK)
		return false;
	rig_await(r, wakes);
	*v = intake_verdict(r->in);
	return *v == INTAKE_PENDING;
}

/* False: it was refused. */
static inline bool
rig_feed(struct rig *r, const void *p, size_t n)
{
	const uint8_t *at = p;
	unsigned wakes;
	size_t used;
	enum err e;

	for (;;) {
		wakes = r->wakes;
		e = intake_put(r->in, at, n, &used);
		RIG_NEED(used <= n);
		at += used;
		n -= used;
		if (e == ERR_OK) {
			RIG_NEED(n == 0);
			return true;
		}
		RIG_NEED(e == ERR_AGAIN || e == ERR_STATE);
		if (e == ERR_STATE)
			return false;
		rig_await(r, wakes);
	}
}

/* Ends the body and waits for the verdict. */
static inline enum intake_verdict
rig_end(struct rig *r)
{
	unsigned wakes = r->wakes;

	intake_end(r->in);
	if (intake_verdict(r->in) == INTAKE_PENDING)
		rig_await(r, wakes);
	return intake_verdict(r->in);
}

/* A whole upload in slices of at most step bytes. */
static inline enum intake_verdict
rig_upload(struct rig *r, const void *p, size_t n, size_t step)
{
	enum intake_verdict v = INTAKE_PENDING;
	const uint8_t *at = p;
	size_t left = n, take;

	if (rig_open(r, n, &v)) {
		for (; left > 0; at += take, left -= take) {
			take = left < step ? left : step;
			if (!rig_feed(r, at, take))
				break;
		}
		v = rig_end(r);
	}
	intake_free(r->in);
	r->in = NULL;
	return v;
}

/* ---- bodies */

#define RIG_TOKEN "0123456789abcdefghijABCDEFGHIJ-_xyz01234567"

static inline void
rig_text(struct buf *b, const char *s)
{
	RIG_NEED(buf_add_str(b, s) == ERR_OK);
}

static inline void
rig_part(struct buf *b, const char *rest, const void *p, size_t n)
{
	rig_text(b, b->len == 0 ? "--XbX\r\n" : "\r\n--XbX\r\n");
	rig_text(b, "Content-Disposition: form-data; ");
	rig_text(b, rest);
	rig_text(b, "\r\n\r\n");
	RIG_NEED(buf_add(b, p, n) == ERR_OK);
}

static inline void
rig_field(struct buf *b, const char *name, const char *value)
{
	char rest[256];

	snprintf(rest, sizeof rest, "name=\"%s\"", name);
	rig_part(b, rest, value, strlen(value));
}

static inline void
rig_file_part(struct buf *b, const char *name, const char *type, const void *p, size_t n)
{
	char rest[4096];

	snprintf(
	    rest, sizeof rest, "name=\"file\"; filename=\"%s\"\r\nContent-Type: %s", name, type);
	rig_part(b, rest, p, n);
}

static inline void
rig_close(struct buf *b)
{
	rig_text(b, b->len == 0 ? "--XbX--\r\n" : "\r\n--XbX--\r\n");
}

#endif
