#ifndef SEALSLOT_FRONT_REQUEST_H
#define SEALSLOT_FRONT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/*
 * The head of a request (request line and header fields, RFC 9112), judged as
 * raw bytes before libmicrohttpd sees any of them: it lets pass what two
 * readers could read in two ways, and gives answers without our headers.
 * Whatever isn't exactly what a browser or curl sends is refused here.
 *
 * Pure: no I/O, no memory of its own.
 */

enum request_fault {
	REQUEST_OK = 0,
	REQUEST_MALFORMED,  /* syntax, doubled fields, contradictions */
	REQUEST_TOO_LONG,   /* more than LIMIT_HTTP_HEADER or LIMIT_HTTP_FIELDS */
	REQUEST_BAD_METHOD, /* well formed, but not GET, HEAD or POST */
	REQUEST_BAD_VERSION,
	REQUEST_NO_LENGTH, /* a body whose length isn't known beforehand */
	REQUEST_BAD_EXPECT,
};

enum request_method { REQUEST_GET, REQUEST_HEAD, REQUEST_POST };

#define REQUEST_COOKIE 43 /* base64url of 32 bytes */

struct request {
	enum request_method method;
	char path[LIMIT_HTTP_PATH + 1]; /* "" when it is longer */
	char lang[9];                   /* of "?lang=fr"; "" */
	char token[REQUEST_COOKIE + 1]; /* of "t=...", an upload's one-time token; "" */
	unsigned turn;                  /* of "n=3", the progress page's count; at most 999 */
	bool is_framed; /* "f=1": the answer will stand in a frame of our own page */
	char host[LIMIT_HTTP_HOST + 1]; /* "" when there is none */
	char accept[LIMIT_HTTP_LANGUAGE + 1];
	char cookie[REQUEST_COOKIE + 1]; /* of "s=..."; "" */
	char boundary[LIMIT_BOUNDARY + 1];
	size_t boundary_len; /* 0: not multipart/form-data with a good boundary */
	uint64_t body_len;
	bool has_length;
	bool wants_continue;
	bool is_tor2web;
	uint32_t circuit;   /* of tor's that it came by; 0: not known. The gate sets it */
	bool is_cross_site; /* the browser says that another site made it send this */
};

/*
 * Looks for the end of the head in the n bytes that came so far; the first
 * *seen of them were looked at before (both updated). REQUEST_OK with *len the length
 * including the empty line, or 0 when more has to come. Otherwise it is clear already that it
 * can't become a head.
 */
enum request_fault request_scan(const char *p, size_t n, size_t *seen, size_t *len);
/*
 * Reads a whole head of n bytes, as request_scan found it. *r is filled in as
 * far as possible also when there is a fault, so that the answer comes in the reader's language.
 */
enum request_fault request_parse(struct request *r, const char *p, size_t n);

#endif
