#include "front/http_request.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "front/route.h"

/* ---- waiting: libmicrohttpd is told only in http_turn, on the event thread */

void
http_request_wake(void *ctx)
{
	struct connection *c = ctx;

	c->is_woken = true;
	c->http->has_woken = true;
}

/* What woke us before we waited counts, too: then it goes on in the next turn. */
static enum MHD_Result
pause_connection(struct connection *c)
{
	MHD_suspend_connection(c->mhd);
	c->is_paused = true;
	loop_timer_start(&c->http->patience, &c->patience, c);
	return MHD_YES;
}

/* It may be over already, with nobody to wake us. */
static enum MHD_Result
wait_for_task(struct connection *c)
{
	if (c->task->ops->is_over(c->task))
		http_request_wake(c);
	return pause_connection(c);
}

void
http_request_give_up(void *owner)
{
	struct connection *c = owner;

	c->task->ops->give_up(c->task);
	http_request_wake(c);
}

void
http_request_resume(struct http *h)
{
	struct connection *c;

	if (!h->has_woken)
		return;
	h->has_woken = false;
	for (c = h->connections; c != NULL; c = c->next) {
		if (!c->is_woken || !c->is_paused)
			continue;
		c->is_woken = c->is_paused = false;
		loop_timer_stop(&c->patience);
		MHD_resume_connection(c->mhd);
	}
}

/* ---- answers */

static void
free_body(void *cls)
{
	struct answer *a = cls;

	answer_wipe(a);
	free(a);
}

/* Takes what a holds. */
static struct MHD_Response *
make_response(struct answer *a)
{
	struct answer_field fields[ANSWER_FIELDS];
	struct answer *kept = malloc(sizeof *kept);
	struct MHD_Response *m = NULL;
	size_t n, i;

	if (kept == NULL) {
		answer_wipe(a);
		return NULL;
	}
	*kept = *a;
	explicit_bzero(a, sizeof *a);
	m = MHD_create_response_from_buffer_with_free_callback_cls(
	    kept->body.len, kept->body.p, free_body, kept);
	if (m == NULL) {
		free_body(kept);
		return NULL;
	}
	n = answer_fields(kept, fields);
	for (i = 0; i < n; i++)
		if (MHD_add_response_header(m, fields[i].name, fields[i].value) != MHD_YES) {
			MHD_destroy_response(m);
			return NULL;
		}
	return m;
}

/* Only where libmicrohttpd takes an answer: before any body, or after all of it. */
static enum MHD_Result
send_answer(struct connection *c, enum err e, struct answer *a)
{
	unsigned status = a->status;
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *m;

	if (e != ERR_OK) {
		answer_wipe(a);
		return MHD_NO;
	}
	if ((m = make_response(a)) == NULL)
		return MHD_NO;
	result = MHD_queue_response(c->mhd, status, m);
	MHD_destroy_response(m);
	c->stage = STAGE_ANSWERED;
	return result;
}

int
http_request_fd(const struct connection *c)
{
	return MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/*
 * Takes the connection away from libmicrohttpd, which closes its own
 * descriptor of it when this returns MHD_NO to it.
 */
static enum MHD_Result
show_out(struct connection *c, uint64_t to_come)
{
	const struct door_guest about = {.to_come = to_come, .circuit = c->r.circuit};
	struct answer a;
	enum err e;
	int fd;

	if ((e = c->task->ops->answer(c->task, &a)) == ERR_OK &&
	    (fd = fcntl(http_request_fd(c), F_DUPFD_CLOEXEC, 0)) != -1) {
		c->is_at_the_door = true;
		door_take(c->http->env.door, fd, &about, &a);
	} else {
		answer_wipe(&a);
	}
	task_free(c->task);
	c->task = NULL;
	return MHD_NO;
}

/* ---- the stages of a request */

static enum MHD_Result
at_head(struct connection *c)
{
	const struct task_owner owner = {http_request_wake, c};
	struct answer a;
	enum err e = route_begin(c->http->env.site, &c->r, &owner, &c->task, &a);

	if (e != ERR_AGAIN)
		return send_answer(c, e, &a);
	c->stage = c->r.body_len > 0 ? STAGE_STARTING : STAGE_DECIDING;
	return wait_for_task(c);
}

/* It may begin, or not. A client that waits for 100 Continue needn't send its body for a refusal;
 * of the others some of it lies in libmicrohttpd's buffer, and comes with the next call. */
static enum MHD_Result
at_start(struct connection *c)
{
	if (!c->task->ops->is_over(c->task)) {
		c->stage = STAGE_BODY;
		return MHD_YES;
	}
	if (c->r.wants_continue)
		return show_out(c, 0);
	c->stage = STAGE_REFUSED;
	return MHD_YES;
}

static enum MHD_Result
at_refusal(struct connection *c, size_t size)
{
	c->received += size;
	return show_out(c, c->r.body_len - c->received);
}

static enum MHD_Result
at_body(struct connection *c, const char *data, size_t *size)
{
	size_t used = 0;
	enum err e;

	if (*size == 0) {
		c->task->ops->end(c->task);
		c->stage = STAGE_DECIDING;
		return wait_for_task(c);
	}
	e = c->task->ops->put(c->task, data, *size, &used);
	if (e == ERR_OK)
		used = *size;
	if (e != ERR_OK && e != ERR_AGAIN)
		return at_refusal(c, *size);
	c->received += used;
	if ((c->unheard += used) >= LIMIT_HEARD) {
		c->unheard = 0;
		c->heard = clock_mono_ms();
	}
	*size -= used;
	return e == ERR_AGAIN ? pause_connection(c) : MHD_YES;
}

static enum MHD_Result
at_decision(struct connection *c)
{
	struct answer a;
	enum err e;

	if (!c->task->ops->is_over(c->task))
		return pause_connection(c);
	e = c->task->ops->answer(c->task, &a);
	task_free(c->task);
	c->task = NULL;
	return send_answer(c, e, &a);
}

static const char *
method_name(enum request_method m)
{
	switch (m) {
	case REQUEST_GET: return MHD_HTTP_METHOD_GET;
	case REQUEST_HEAD: return MHD_HTTP_METHOD_HEAD;
	case REQUEST_POST: return MHD_HTTP_METHOD_POST;
	}
	return "";
}

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

enum MHD_Result
http_request_step(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **unused)
{
	struct connection *c = connection_of(mhd);

	(void)cls;
	(void)version;
	(void)unused;
	c->mhd = mhd;
	if (c->is_ending)
		return MHD_NO;
	switch (c->stage) {
	case STAGE_HEAD:
		/* Two readers of one head must have read the same. */
		if (strcmp(method, method_name(c->r.method)) != 0 || strcmp(url, c->r.path) != 0)
			return MHD_NO;
		return at_head(c);
	case STAGE_STARTING: return at_start(c);
	case STAGE_BODY: return at_body(c, data, size);
	case STAGE_REFUSED: return at_refusal(c, *size);
	case STAGE_DECIDING: return at_decision(c);
	case STAGE_ANSWERED: break;
	}
	return MHD_NO;
}
