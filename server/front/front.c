#include "front/front.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/io.h"
#include "forget/forget.h"
#include "front/door.h"
#include "front/drain.h"
#include "front/gate.h"
#include "front/http.h"
#include "front/loop.h"
#include "front/news.h"
#include "front/route.h"
#include "front/submit.h"
#include "front/timing.h"
#include "wire/wire.h"

#define BUFFERS_PER_WORKER 8   /* chunks that wait for or are with one worker */
#define FORGET_MS          300 /* from a request to the wiping of what it left on the stack */

struct front {
	const struct conf *conf;
	int parent;
	struct loop *loop;
	struct gate *gate;
	struct door *door;
	struct http *http;
	struct store *store;
	struct sealer *sealer;
	struct site site;
	struct news news;
	struct mailbox *mailbox; /* NULL: there never was one */
	struct loop_source on_parent, on_store, on_mailbox, on_sealer;
	struct loop_queue sweeps, forgettings;
	struct loop_timer sweep, forgetting;
	struct drain drain;
	enum err end;
};

static void
stop(struct front *f, enum err e)
{
	f->end = e;
	loop_stop(f->loop);
}

/* ---- requests */

static uint64_t
to_come(const struct request *r, enum request_fault f, size_t head_len)
{
	if (!r->has_length || r->wants_continue || f == REQUEST_MALFORMED)
		return head_len;
	return r->body_len > UINT64_MAX - head_len ? UINT64_MAX : r->body_len + head_len;
}

static void
on_request(void *ctx, int fd, const struct request *r, enum request_fault fault, size_t head_len)
{
	struct front *f = ctx;
	const struct door_guest about = {.to_come = to_come(r, fault, head_len),
	    .circuit = r->circuit,
	    .is_head = r->method == REQUEST_HEAD};
	struct answer a;
	enum err e = route_admit(&f->site, r, fault, &a);

	if (f->forgetting.queue == NULL)
		loop_timer_start(&f->forgettings, &f->forgetting, f);
	if (e == ERR_OK) {
		http_take(f->http, fd, r);
	} else if (e == ERR_STATE) {
		door_take(f->door, fd, &about, &a);
	} else {
		io_close(&fd);
		gate_left(f->gate, r->circuit);
	}
}

/* Those who were refused already first. */
static bool
on_yield(void *ctx, uint32_t circuit)
{
	struct front *f = ctx;
	int64_t before = clock_mono_ms() - f->site.yield_ms;

	return door_yield(f->door, circuit, before) || http_yield(f->http, circuit, before);
}

/* ---- store */

static void
on_store(void *ctx, uint32_t events)
{
	struct front *f = ctx;

	(void)events;
	store_on_readable(f->store);
}

static void
on_sealer(void *ctx, uint32_t events)
{
	struct front *f = ctx;

	(void)events;
	sealer_on_readable(f->sealer);
}

/* ---- mailbox */

static void
on_mailbox(void *ctx, uint32_t events)
{
	struct front *f = ctx;

	(void)events;
	mailbox_on_readable(f->mailbox);
}

/* ---- the parent */

static void
begin_draining(struct front *f, const struct wire_msg *m)
{
	struct op_drain d;

	memcpy(&d, m->body, sizeof d);
	drain_begin(&f->drain, d.ms);
}

static enum err
take_mailbox(struct front *f, struct wire_msg *m)
{
	bool is_first = f->mailbox == NULL;
	enum err e;

	if (is_first)
		e = mailbox_new(m->fd, &f->mailbox);
	else
		e = mailbox_reconnect(f->mailbox, m->fd);
	if (e != ERR_OK)
		return e;
	m->fd = -1;
	f->site.mailbox = f->mailbox;
	return is_first ? loop_add(f->loop, &f->on_mailbox, mailbox_fd(f->mailbox), EPOLLIN)
			: ERR_OK;
}

static enum err
take_peer(struct front *f, struct wire_msg *m)
{
	struct op_peer peer;
	enum err e;

	memcpy(&peer, m->body, sizeof peer);
	if (peer.role == ROLE_MAILBOX)
		return take_mailbox(f, m);
	if (peer.role != ROLE_STORE)
		return ERR_FORMAT;
	if ((e = store_reconnect(f->store, m->fd)) == ERR_OK)
		m->fd = -1;
	return e;
}

static void
on_parent(void *ctx, uint32_t events)
{
	struct front *f = ctx;
	struct wire_msg m;
	enum err e;

	(void)events;
	while ((e = wire_recv(f->parent, ROLE_PARENT, ROLE_FRONT, &m)) == ERR_OK) {
		if (m.op == OP_PEER)
			e = take_peer(f, &m);
		else if (m.op == OP_DRAIN)
			begin_draining(f, &m);
		else
			e = ERR_FORMAT;
		io_close(&m.fd);
		if (e != ERR_OK)
			break;
	}
	if (e != ERR_AGAIN)
		stop(f, e == ERR_CLOSED ? ERR_OK : e);
}

/* ---- life */

static void
on_sweep(void *owner)
{
	struct front *f = owner;

	receipts_expire(f->site.receipts, clock_mono_ms());
	submit_expire(&f->site);
	loop_timer_start(&f->sweeps, &f->sweep, f);
}

/*
 * Cookies pass through frames of ours and of libmicrohttpd's: not all of them can be wiped where
 * they are, so the whole stack is, a moment later.
 */
static void
on_forget(void *owner)
{
	struct front *f = owner;

	forget_stack();
	if (http_connections(f->http) > 0)
		loop_timer_start(&f->forgettings, &f->forgetting, f);
}

static int64_t
on_turn(void *ctx)
{
	struct front *f = ctx;
	int64_t ms = http_turn(f->http);

	drain_turn(&f->drain);
	return ms;
}

static enum err
open_site(struct front *f, const struct front_setup *s)
{
	const struct store_events events = news_events(&f->news);
	enum err e;

	if ((e = site_init(&f->site, s->conf, &s->root, s->listener)) != ERR_OK ||
	    (e = sealer_new(s->workers, s->workers * BUFFERS_PER_WORKER, &f->sealer)) != ERR_OK ||
	    (e = store_new(s->store, &s->root, &events, &f->store)) != ERR_OK)
		return e;
	if (s->mailbox != -1 && (e = mailbox_new(s->mailbox, &f->mailbox)) != ERR_OK)
		return e;
	f->site.mailbox = f->mailbox;
	f->site.logo = &s->logo;
	f->site.env = (struct intake_env){.conf = s->conf, .store = f->store, .sealer = f->sealer};
	return ERR_OK;
}

static enum err
open_rooms(struct front *f, int listener)
{
	const struct timing t = timing_get();
	const struct gate_setup gate = {.listener = listener,
	    .header_ms = t.header_ms,
	    .has_circuits = f->conf->proxy_protocol,
	    .request = on_request,
	    .yield = on_yield,
	    .ctx = f};
	struct http_env env = {.loop = f->loop, .site = &f->site, .idle_ms = t.idle_ms};
	enum err e;

	f->site.yield_ms = t.yield_ms;
	f->site.upload_ms = f->conf->max_upload_hours * t.hour_ms;
	/* Sixty times in an hour. */
	loop_queue_add(f->loop, &f->sweeps, t.hour_ms / 60, on_sweep);
	loop_timer_start(&f->sweeps, &f->sweep, f);
	if ((e = gate_new(f->loop, &gate, &f->gate)) != ERR_OK ||
	    (e = door_new(f->loop, f->gate, t.drain_ms, &f->door)) != ERR_OK)
		return e;
	env.gate = f->gate;
	env.door = f->door;
	return http_new(&env, &f->http);
}

static enum err
open_loop(struct front *f)
{
	enum err e;

	f->on_parent = (struct loop_source){on_parent, f, -1};
	f->on_store = (struct loop_source){on_store, f, -1};
	f->on_mailbox = (struct loop_source){on_mailbox, f, -1};
	f->on_sealer = (struct loop_source){on_sealer, f, -1};
	if ((e = loop_new(on_turn, f, &f->loop)) != ERR_OK ||
	    (e = loop_add(f->loop, &f->on_parent, f->parent, EPOLLIN)) != ERR_OK ||
	    (e = loop_add(f->loop, &f->on_sealer, sealer_fd(f->sealer), EPOLLIN)) != ERR_OK)
		return e;
	loop_queue_add(f->loop, &f->forgettings, FORGET_MS, on_forget);
	drain_init(&f->drain, f->loop, &f->site, f->parent);
	if ((e = loop_add(f->loop, &f->on_store, store_fd(f->store), EPOLLIN)) != ERR_OK ||
	    f->mailbox == NULL)
		return e;
	return loop_add(f->loop, &f->on_mailbox, mailbox_fd(f->mailbox), EPOLLIN);
}

enum err
front_new(const struct front_setup *s, struct front **out)
{
	struct front *f = calloc(1, sizeof *f);
	int store = s->store, mailbox = s->mailbox;
	enum err e;

	if (f == NULL) {
		io_close(&store);
		io_close(&mailbox);
		return ERR_NOMEM;
	}
	f->conf = s->conf;
	f->parent = s->parent;
	f->news.site = &f->site;
	if ((e = open_site(f, s)) != ERR_OK || (e = open_loop(f)) != ERR_OK ||
	    (e = open_rooms(f, s->listener)) != ERR_OK) {
		if (f->store == NULL)
			io_close(&store);
		if (f->mailbox == NULL)
			io_close(&mailbox);
		front_free(f);
		return e;
	}
	*out = f;
	return ERR_OK;
}

enum err
front_run(struct front *f)
{
	enum err e = loop_run(f->loop);

	return e == ERR_OK ? f->end : e;
}

void
front_free(struct front *f)
{
	if (f == NULL)
		return;
	http_free(f->http);
	door_free(f->door);
	gate_free(f->gate);
	sealer_free(f->sealer);
	store_free(f->store);
	mailbox_free(f->mailbox);
	loop_free(f->loop);
	site_wipe(&f->site);
	free(f);
}
