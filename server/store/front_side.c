#include "store/front_side.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"
#include "store/quota.h"

void
front_side_init(struct front_side *f, struct depot *depot, struct committer *committer)
{
	f->depot = depot;
	f->committer = committer;
	f->sock = -1;
	f->generation = 0;
	f->is_draining = false;
	f->n = 0;
	f->settling = 0;
	f->has_outbox = false;
	f->outbox.fd = -1;
}

void
front_side_detach(struct front_side *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		io_close(&f->uploads[i].fd);
	f->n = 0;
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

uint64_t
front_side_promised(const struct front_side *f)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < f->n; i++)
		if (f->uploads[i].claim > f->uploads[i].stored)
			sum += f->uploads[i].claim - f->uploads[i].stored;
	return sum;
}

/* What the uploads in flight may add to the day. */
static uint64_t
claimed(const struct front_side *f)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < f->n; i++)
		sum += f->uploads[i].claim;
	return sum;
}

/* Bytes that may still be promised: by the disk, and by the day. */
static enum err
available(const struct front_side *f, bool is_signed_in, uint64_t *out)
{
	uint64_t have = 0, used = 0, day;
	enum err e;

	if ((e = quota_free(f->depot->folder.items, &have)) != ERR_OK)
		return e;
	if (__builtin_add_overflow(
		front_side_promised(f) + f->settling, f->depot->conf->reserve, &used) ||
	    used > have)
		used = have;
	day = quota_day_left(
	    f->depot->conf->max_day, depot_day_bytes(f->depot) + claimed(f), is_signed_in);
	*out = have - used < day ? have - used : day;
	return ERR_OK;
}

struct op_room
front_side_room(const struct front_side *f)
{
	struct op_room room = {0};
	uint64_t avail, signed_in;

	if (f->is_read_only || available(f, false, &avail) != ERR_OK ||
	    available(f, true, &signed_in) != ERR_OK)
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

static struct in_flight *
find(struct front_side *f, uint32_t ref)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		if (f->uploads[i].ref == ref)
			return &f->uploads[i];
	return NULL;
}

static void
forget(struct front_side *f, struct in_flight *u)
{
	io_close(&u->fd);
	*u = f->uploads[--f->n];
}

static enum err
may_begin(const struct front_side *f, const struct op_begin *b, uint64_t *claim)
{
	uint64_t avail;
	enum err e;

	if (f->is_draining || f->n >= f->depot->conf->max_in_flight)
		return ERR_BUSY;
	if (b->body_len > f->depot->conf->max_upload)
		return ERR_LIMIT;
	if (verdict(f->depot) != ERR_OK || !schedules_has_key(&f->depot->schedules, clock_today()))
		return ERR_EXPIRED;
	if ((e = available(f, b->is_signed_in == 1, &avail)) != ERR_OK)
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
	struct in_flight u = {.ref = m->ref, .fd = -1};
	struct op_begin b;
	int writer = -1;
	enum err e;

	memcpy(&b, m->body, sizeof b);
	if (m->ref == 0 || find(f, m->ref) != NULL || b.is_signed_in > 1)
		return ERR_FORMAT;
	if ((e = may_begin(f, &b, &u.claim)) == ERR_OK &&
	    (e = open_upload(f, &u.fd, &writer)) == ERR_OK) {
		upload_reserve(writer, b.body_len);
		u.stored = upload_stored(u.fd);
		f->uploads[f->n++] = u;
	}
	answer(f, OP_BEGUN, m->ref, e, writer);
	return ERR_OK;
}

static bool
is_terminated(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

/* Does the commit say something that front can honestly say? */
static bool
is_sound(const struct front_side *f, const struct op_commit *c)
{
	const struct schedule *s = f->depot->schedules.active;
	uint8_t id[DB_ID];

	return is_terminated(c->id, sizeof c->id) && is_terminated(c->inbox, sizeof c->inbox) &&
	       text_unhex(id, sizeof id, c->id, strlen(c->id)) == ERR_OK &&
	       schedule_is_inbox_name(c->inbox, strlen(c->inbox)) && c->is_signed_in <= 1 &&
	       c->epoch > 0 && c->serial > 0 && (s == NULL || c->serial <= s->serial);
}

static void
fill_job(struct commit_job *job, const struct front_side *f, const struct in_flight *u,
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
	/* is_sound has seen that these are 32 digits. */
	(void)!text_unhex(job->row.id, DB_ID, c->id, RANDOM_ID_LEN);
	memcpy(job->row.inbox, c->inbox, strlen(c->inbox));
}

/*
 * Is there no key that opens it? From LIMIT_UPLOAD_DAYS after an epoch's end on its key may be
 * destroyed, and then the schedule lists it no more: a receipt would promise what nobody can keep.
 */
static bool
is_too_late(const struct front_side *f, const struct op_commit *c)
{
	const struct schedule *s = f->depot->schedules.active;
	size_t inbox, i;

	if (s == NULL || schedule_find_inbox(s, c->inbox, &inbox) != ERR_OK)
		return true;
	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == inbox && s->epochs[i].number >= c->epoch)
			return s->epochs[i].number > c->epoch ||
			       clock_today() >= s->epochs[i].end + LIMIT_UPLOAD_DAYS;
	return true; /* nobody has made that key */
}

static void
refuse_commit(struct front_side *f, struct in_flight *u, enum err e)
{
	uint32_t ref = u->ref;

	forget(f, u);
	answer(f, OP_COMMITTED, ref, e, -1);
}

static enum err
on_commit(struct front_side *f, const struct wire_msg *m)
{
	struct in_flight *u = find(f, m->ref);
	struct commit_job *job;
	struct op_commit c;

	memcpy(&c, m->body, sizeof c);
	if (u == NULL || u->fd == -1 || !is_sound(f, &c))
		return ERR_FORMAT;
	if (is_too_late(f, &c)) {
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
	struct in_flight *u = find(f, m->ref);

	if (u != NULL && u->fd != -1)
		forget(f, u);
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
	struct in_flight *u;
	bool is_breach = false;

	while (!f->has_outbox && (job = committer_take(f->committer)) != NULL) {
		if (job->result == ERR_OK && job->row.day == f->depot->day)
			f->depot->day_bytes += job->row.size;
		if (job->owner == f->generation && (u = find(f, job->ref)) != NULL) {
			forget(f, u);
			is_breach = is_breach || job->is_breach;
			answer(f, OP_COMMITTED, job->ref, job->result, -1);
		}
		free(job);
	}
	if (is_breach)
		front_side_detach(f);
	return is_breach ? ERR_FORMAT : ERR_OK;
}

bool
front_side_is_committing(const struct front_side *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		if (f->uploads[i].fd == -1)
			return true;
	return false;
}

enum err
front_side_tick(struct front_side *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		if (f->uploads[i].fd == -1)
			continue;
		f->uploads[i].stored = upload_stored(f->uploads[i].fd);
		/* By what front wrote: what it takes is also what the file system took ahead. */
		if (upload_size(f->uploads[i].fd) > f->uploads[i].claim + LIMIT_CLAIM_SLACK) {
			front_side_detach(f);
			return ERR_FORMAT;
		}
	}
	if (f->sock == -1)
		return ERR_OK;
	try_again(f);
	front_side_tell_schedule(f);
	tell_room(f);
	return ERR_OK;
}
