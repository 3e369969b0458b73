#ifndef SEALSLOT_FRONT_HTTP_REQUEST_H
#define SEALSLOT_FRONT_HTTP_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "front/http.h"
#include "front/task.h"

/*
 * Between http.c and http_request.c only. http.c keeps the connections and lets libmicrohttpd work;
 * http_request.c takes the one request of a connection from its head to its answer.
 */
enum stage {
	STAGE_HEAD,     /* nothing was asked of us yet */
	STAGE_STARTING, /* waits until its body can be taken */
	STAGE_BODY,
	STAGE_REFUSED,  /* it has no place: count what came of its body, then to the door */
	STAGE_DECIDING, /* the body is complete: waits for the answer */
	STAGE_ANSWERED,
};

struct connection {
	struct http *http;
	struct connection *prev, *next;
	struct MHD_Connection *mhd;
	struct request r;
	struct task *task; /* NULL: none, or over */
	struct loop_timer patience;
	enum stage stage;
	uint64_t received; /* bytes of the body */
	int64_t heard;     /* clock_mono_ms, when LIMIT_HEARD of them had come last */
	uint64_t unheard;  /* bytes that came since */
	uint64_t looked;   /* received, when we looked last whether the client is still there */
	bool is_paused;
	bool is_woken;       /* there is something to go on with */
	bool is_at_the_door; /* not ours any more */
	bool is_yielding;    /* it was cut off, so that somebody else gets its place */
	bool is_ending;      /* the process ends */
};

struct http {
	struct http_env env;
	struct MHD_Daemon *daemon;
	struct loop_source source; /* libmicrohttpd's epoll */
	struct loop_queue patience;
	struct loop_queue looks;
	struct loop_timer look;
	struct connection *connections;
	struct connection *arriving; /* while MHD_add_connection runs */
	size_t n;
	bool has_woken; /* some connection is_woken and is_paused */
};

/* libmicrohttpd's call for each step of a request. */
enum MHD_Result http_request_step(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **unused);
/* A connection, as void: there is something to go on with. It goes on in http_turn only. */
void http_request_wake(void *connection);
/* Goes on with the paused ones that were woken. */
void http_request_resume(struct http *h);
/* A connection, as void: it has waited for its task long enough. */
void http_request_give_up(void *connection);
/* The connection's socket, libmicrohttpd's. */
int http_request_fd(const struct connection *c);

#endif
