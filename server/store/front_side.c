#include "store/front_side.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"
#include "store/commit_check.h"
#include "store/quota.h"
#include "store/upload.h"

void
front_side_init(struct front_side *f, struct depot *depot, struct committer *committer)
{
	f->depot = depot;
	f->committer = committer;
	f->sock = -1;
	f->generation = 0;
	f->is_draining = false;
	in_flight_init(&f->in_flight, depot);
	f->has_outbox = false;
	f->outbox.fd = -1;
}

void
front_side_detach(struct front_side *f)
{
	in_flight_clear(&f->in_flight);
	if (f->has_outbox)
		io_close(&f->outbox.fd);
	f->has_outbox = false;
	io_close(&f->sock);
}

void
front_side_attach(struct front_side *f, int sock)
{
	front_side_detach(f);
	f->sock = sock;
	f->generation++;
	f->is_told_room = false;
	f->is_told_schedule = false;
}

short
front_side_events(const struct front_side *f)
{
	return f->has_outbox ? POLLOUT : POLLIN;
}

/* fd is the message's, closed here unless it waits in the outbox. */
static void
say(struct front_side *f, struct wire_msg *m)
{
	enum err e;

	if (f->sock == -1 || f->has_outbox) {
		io_close(&m->fd);
		return;
	}
	e = wire_send_wait(f->sock, m, 0);
	if (e == ERR_AGAIN) {
		f->has_outbox = true;
		f->outbox = *m;
		return;
	}
	/* Any other failure shows when the socket is read. */
	io_close(&m->fd);
}

static void
answer(struct front_side *f, enum op op, uint32_t ref, enum err e, int fd)
{
	struct wire_msg m = {.op = op, .ref = ref, .err = (int32_t)e, .fd = fd};

	say(f, &m);
}

static bool
flush(struct front_side *f)
{
	if (!f->has_outbox)
		return true;
	if (wire_send_wait(f->sock, &f->outbox, 0) == ERR_AGAIN)
		return false;
	io_close(&f->outbox.fd);
	f->has_outbox = false;
	return true;
}

/* ---- what front is told */

struct op_room
front_side_room(const struct front_side *f)
{
	struct op_room room = {0};
	uint64_t avail, signed_in;

	if (f->is_read_only || in_flight_room(&f->in_flight, false, &avail) != ERR_OK ||
	    in_flight_room(&f->in_flight, true, &signed_in) != ERR_OK)
		return room;
	room.writable = 1;
	room.bytes = quota_body_max(avail, f->depot->conf->max_upload);
	room.signed_in_bytes = quota_body_max(signed_in, f->depot->conf->max_upload);
	return room;
}

static void
tell_room(struct front_side *f)
{
	struct wire_msg m = {.op = OP_ROOM, .len = sizeof f->room, .fd = -1};
	struct op_room room = front_side_room(f);

	if (f->has_outbox || (f->is_told_room && memcmp(&room, &f->room, sizeof room) == 0))
		return;
	memcpy(m.body, &room, sizeof room);
	say(f, &m);
	f->room = room;
	f->is_told_room = true;
}

static enum err
verdict(struct depot *d)
{
	if (d->schedules.active == NULL)
		return ERR_NOTFOUND;
	return depot_judge_clock(d);
}

/* The whole schedule, as root signed it: front verifies it again. */
static enum err
say_schedule(struct front_side *f)
{
	const struct schedules *s = &f->depot->schedules;
	struct op_schedule head = {.today = f->today};
	struct wire_msg m = {.op = OP_SCHEDULE, .err = (int32_t)f->verdict, .fd = -1};
	enum err e;

	m.len = sizeof head;
	if (f->verdict == ERR_OK) {
		if ((e = wire_memfd(s->text.p, s->text.len, &m.fd)) != ERR_OK)
			return e;
		head.sig_len = (uint32_t)s->sig.len;
		m.len += head.sig_len;
		memcpy(m.body + sizeof head, s->sig.p, s->sig.len);
	}
	memcpy(m.body, &head, sizeof head);
	say(f, &m);
	return ERR_OK;
}

void
front_side_tell_schedule(struct front_side *f)
{
	const struct schedule *s = f->depot->schedules.active;
	uint32_t serial = s == NULL ? 0 : s->serial;
	enum err v = verdict(f->depot);
	int32_t today = clock_today();

	if (f->sock == -1 || f->has_outbox ||
	    (f->is_told_schedule && v == f->verdict && serial == f->serial && today == f->today))
		return;
	f->verdict = v;
	f->serial = serial;
	f->today = today;
	f->is_told_schedule = say_schedule(f) == ERR_OK;
}

/* ---- what front says */

static enum err
may_begin(const struct front_side *f, const struct op_begin *b, uint64_t *claim)
{
	uint64_t avail;
	enum err e;

	if (f->is_draining || f->in_flight.n >= f->depot->conf->max_in_flight)
		return ERR_BUSY;
	if (b->body_len > f->depot->conf->max_upload)
		return ERR_LIMIT;
	if (verdict(f->depot) != ERR_OK || !schedules_has_key(&f->depot->schedules, clock_today()))
		return ERR_EXPIRED;
	if ((e = in_flight_room(&f->in_flight, b->is_signed_in == 1, &avail)) != ERR_OK)
		return e;
	*claim = quota_sealed_max(b->body_len);
	return *claim > avail ? ERR_NOSPACE : ERR_OK;
}

/* Some file systems that gave up after an error don't say so before somebody writes. */
static enum err
open_upload(struct front_side *f, int *fd, int *writer)
{
	enum err e = upload_new(f->depot->folder.items, fd, writer);

	f->is_read_only = e == ERR_SYS && errno == EROFS;
	return e;
}

/* So that the form is open again soon after the disk was put right. */
static void
try_again(struct front_side *f)
{
	int fd = -1, writer = -1;

	if (!f->is_read_only || open_upload(f, &fd, &writer) != ERR_OK)
		return;
	io_close(&fd);
	io_close(&writer);
}

static enum err
on_begin(struct front_side *f, const struct wire_msg *m)
{
	struct in_flight_upload u = {.ref = m->ref, .fd = -1};
	struct op_begin b;
	int writer = -1;
	enum err e;

	memcpy(&b, m->body, sizeof b);
	if (m->ref == 0 || in_flight_find(&f->in_flight, m->ref) != NULL || b.is_signed_in > 1)
		return ERR_FORMAT;
	if ((e = may_begin(f, &b, &u.claim)) == ERR_OK &&
	    (e = open_upload(f, &u.fd, &writer)) == ERR_OK) {
		upload_reserve(writer, b.body_len);
		u.stored = upload_stored(u.fd);
		in_flight_add(&f->in_flight, &u);
	}
	answer(f, OP_BEGUN, m->ref, e, writer);
	return ERR_OK;
}

static void
fill_job(struct commit_job *job, const struct front_side *f, const struct in_flight_upload *u,
    const struct op_commit *c)
{
	job->ref = u->ref;
	job->owner = f->generation;
	job->fd = u->fd;
	job->claim = (struct upload_claim){
	    .size = c->size, .max_stored = quota_stored_max(u->claim), .day = clock_today()};
	memcpy(job->id, c->id, sizeof job->id);
	job->row = (struct db_item){
	    .day = job->claim.day, .epoch = c->epoch, .serial = c->serial, .size = c->size};
	/* commit_check_is_sound has seen that these are 32 digits. */
	(void)!text_unhex(job->row.id, DB_ID, c->id, RANDOM_ID_LEN);
	memcpy(job->row.inbox, c->inbox, strlen(c->inbox));
}

static void
refuse_commit(struct front_side *f, struct in_flight_upload *u, enum err e)
{
	uint32_t ref = u->ref;

	in_flight_forget(&f->in_flight, u);
	answer(f, OP_COMMITTED, ref, e, -1);
}

static enum err
on_commit(struct front_side *f, const struct wire_msg *m)
{
	struct in_flight_upload *u = in_flight_find(&f->in_flight, m->ref);
	struct commit_job *job;
	struct op_commit c;

	memcpy(&c, m->body, sizeof c);
	if (u == NULL || u->fd == -1 || !commit_check_is_sound(f->depot->schedules.active, &c))
		return ERR_FORMAT;
	if (commit_check_is_too_late(f->depot->schedules.active, &c, clock_today())) {
		refuse_commit(f, u, ERR_EXPIRED);
		return ERR_OK;
	}
	if ((job = calloc(1, sizeof *job)) == NULL) {
		refuse_commit(f, u, ERR_NOMEM);
		return ERR_OK;
	}
	fill_job(job, f, u, &c);
	u->fd = -1;
	committer_submit(f->committer, job);
	return ERR_OK;
}

/* A commit that is under way goes on. */
static void
on_abort(struct front_side *f, const struct wire_msg *m)
{
	struct in_flight_upload *u = in_flight_find(&f->in_flight, m->ref);

	if (u != NULL && u->fd != -1)
		in_flight_forget(&f->in_flight, u);
}

static enum err
dispatch(struct front_side *f, const struct wire_msg *m)
{
	switch (m->op) {
	case OP_BEGIN: return on_begin(f, m);
	case OP_COMMIT: return on_commit(f, m);
	case OP_ABORT: on_abort(f, m); return ERR_OK;
	}
	return ERR_FORMAT;
}

enum err
front_side_on_ready(struct front_side *f)
{
	struct wire_msg m;
	enum err e = ERR_AGAIN;

	if (!flush(f))
		return ERR_OK;
	while (!f->has_outbox && (e = wire_recv(f->sock, ROLE_FRONT, ROLE_STORE, &m)) == ERR_OK &&
	       (e = dispatch(f, &m)) == ERR_OK)
		;
	if (e == ERR_OK || e == ERR_AGAIN)
		return ERR_OK;
	front_side_detach(f);
	return e == ERR_FORMAT ? ERR_FORMAT : ERR_CLOSED;
}

enum err
front_side_on_committed(struct front_side *f)
{
	struct commit_job *job;
	struct in_flight_upload *u;
	bool is_breach = false;

	while (!f->has_outbox && (job = committer_take(f->committer)) != NULL) {
		if (job->result == ERR_OK && job->row.day == f->depot->day)
			f->depot->day_bytes += job->row.size;
		if (job->owner == f->generation &&
		    (u = in_flight_find(&f->in_flight, job->ref)) != NULL) {
			in_flight_forget(&f->in_flight, u);
			is_breach = is_breach || job->is_breach;
			answer(f, OP_COMMITTED, job->ref, job->result, -1);
		}
		free(job);
	}
	if (is_breach)
		front_side_detach(f);
	return is_breach ? ERR_FORMAT : ERR_OK;
}

enum err
front_side_tick(struct front_side *f)
{
	if (in_flight_poll(&f->in_flight) != ERR_OK) {
		front_side_detach(f);
		return ERR_FORMAT;
	}
	if (f->sock == -1)
		return ERR_OK;
	try_again(f);
	front_side_tell_schedule(f);
	tell_room(f);
	return ERR_OK;
}
