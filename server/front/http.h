#ifndef SEALSLOT_FRONT_HTTP_H
#define SEALSLOT_FRONT_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "front/door.h"
#include "front/loop.h"
#include "front/request.h"
#include "front/site.h"

/*
 * libmicrohttpd, and nothing but it: takes connections whose request was
 * admitted, reads bodies, sends answers. One request per connection, so what
 * stands behind a request is never read as another one. What fails on the way
 * leaves through the door.
 */
struct http;

/* What it works with; all borrowed. The gate hears of each connection that was closed. */
struct http_env {
	struct loop *loop;
	struct gate *gate;
	struct door *door;
	struct site *site;
	int64_t idle_ms;
};
enum err MUST_CHECK http_new(const struct http_env *env, struct http **out);
/* Closes everything. Accepts NULL. */
void http_free(struct http *h);
/*
 * Takes a connection at whose start the admitted request r stands, unread. fd is http's now.
 */
void http_take(struct http *h, int fd, const struct request *r);
/* Lets libmicrohttpd work; once per turn of the loop. Milliseconds until it wants to again, -1. */
int64_t http_turn(struct http *h);
/* The connection of this circuit that has been silent longest is cut off; circuit 0: of any, if it
 * has said nothing since before (clock_mono_ms). Its place is free soon. False: there is none. */
bool http_yield(struct http *h, uint32_t circuit, int64_t before);
/* How many connections it has. */
size_t http_connections(const struct http *h);

#endif
