#include "front/request.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "front/field.h"

enum request_fault
request_scan(const char *p, size_t n, size_t *seen, size_t *len)
{
	size_t i;

	*len = 0;
	for (i = *seen; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\r' && i + 1 == n)
			break; /* its LF may still come */
		if (c == '\r' ? p[i + 1] != '\n' : c == '\n' && (i == 0 || p[i - 1] != '\r'))
			return REQUEST_MALFORMED;
		if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c >= 0x7f)
			return REQUEST_MALFORMED;
		if (c == '\n' && i >= 3 && p[i - 2] == '\n') {
			*len = i + 1;
			break;
		}
	}
	*seen = i;
	if (*len > LIMIT_HTTP_HEADER || (*len == 0 && n >= LIMIT_HTTP_HEADER))
		return REQUEST_TOO_LONG;
	return REQUEST_OK;
}

/* The fields that are read; everything else is only checked for its syntax. */
enum known {
	HOST,
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	CONTENT_TYPE,
	EXPECT,
	COOKIE,
	ACCEPT_LANGUAGE,
	TOR2WEB,
	FETCH_SITE,
	N_KNOWN
};
static const char *const known_names[N_KNOWN] = {"host", "content-length", "transfer-encoding",
    "content-type", "expect", "cookie", "accept-language", "x-tor2web", "sec-fetch-site"};

struct reader {
	struct request *r;
	bool has[N_KNOWN];
	bool is_http10;
	bool is_known_method;
	enum request_fault fault;
};

/* The first fault is the one that is answered. */
static void
fault(struct reader *rd, enum request_fault f)
{
	if (rd->fault == REQUEST_OK)
		rd->fault = f;
}

static void
read_method(struct reader *rd, const char *p, size_t n)
{
	static const char *const names[] = {
	    [REQUEST_GET] = "GET", [REQUEST_HEAD] = "HEAD", [REQUEST_POST] = "POST"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == n && memcmp(names[i], p, n) == 0) {
			rd->r->method = (enum request_method)i;
			rd->is_known_method = true;
			return;
		}
	for (i = 0; i < n && p[i] >= 'A' && p[i] <= 'Z'; i++)
		;
	fault(rd, i == n && n > 0 ? REQUEST_BAD_METHOD : REQUEST_MALFORMED);
}

static void
read_version(struct reader *rd, const char *p, size_t n)
{
	if (n == 8 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '0' || p[7] == '1'))
		rd->is_http10 = p[7] == '0';
	else if (n == 8 && memcmp(p, "HTTP/", 5) == 0 && p[5] >= '0' && p[5] <= '9' &&
		 p[6] == '.' && p[7] >= '0' && p[7] <= '9')
		fault(rd, REQUEST_BAD_VERSION);
	else
		fault(rd, REQUEST_MALFORMED);
}

static void
read_line(struct reader *rd, const char *p, size_t n)
{
	const char *first = memchr(p, ' ', n), *last = memrchr(p, ' ', n);

	if (first == NULL || first == last) {
		fault(rd, REQUEST_MALFORMED);
		return;
	}
	read_method(rd, p, (size_t)(first - p));
	read_version(rd, last + 1, (size_t)(p + n - last - 1));
	if (!field_target(rd->r, first + 1, (size_t)(last - first - 1)))
		fault(rd, REQUEST_MALFORMED);
}

/* Whose second occurrence could be read in two ways. */
static bool
may_repeat(enum known k)
{
	return k == ACCEPT_LANGUAGE || k == TOR2WEB || k == FETCH_SITE;
}

static void
read_known(struct reader *rd, enum known k, const char *p, size_t n)
{
	struct request *r = rd->r;

	if (rd->has[k]) {
		if (!may_repeat(k))
			fault(rd, REQUEST_MALFORMED);
		return;
	}
	rd->has[k] = true;
	switch (k) {
	case HOST:
		if (!field_host(r, p, n))
			fault(rd, REQUEST_MALFORMED);
		break;
	case CONTENT_LENGTH:
		if (text_number(p, n, UINT64_MAX, &r->body_len) != ERR_OK)
			fault(rd, REQUEST_MALFORMED);
		r->has_length = true;
		break;
	case EXPECT:
		r->wants_continue = n == 12 && strncasecmp(p, "100-continue", n) == 0;
		if (!r->wants_continue)
			fault(rd, REQUEST_BAD_EXPECT);
		break;
	case CONTENT_TYPE: field_boundary(r, p, n); break;
	case COOKIE: field_cookie(r, p, n); break;
	case ACCEPT_LANGUAGE: field_language(r, p, n); break;
	case TOR2WEB: r->is_tor2web = true; break;
	case FETCH_SITE: r->is_cross_site = n == 10 && memcmp(p, "cross-site", n) == 0; break;
	case TRANSFER_ENCODING:
	case N_KNOWN: break;
	}
}

static void
read_field(struct reader *rd, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	size_t len = colon == NULL ? 0 : (size_t)(colon - p), i;

	if (!field_is_token(p, len)) { /* also a folded line and a blank before the colon */
		fault(rd, REQUEST_MALFORMED);
		return;
	}
	p = colon + 1;
	n -= len + 1;
	for (; n > 0 && (*p == ' ' || *p == '\t'); p++, n--)
		;
	for (; n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'); n--)
		;
	for (i = 0; i < N_KNOWN; i++)
		if (strlen(known_names[i]) == len &&
		    strncasecmp(known_names[i], colon - len, len) == 0)
			read_known(rd, (enum known)i, p, n);
}

/* What follows from all of it together. */
static void
conclude(struct reader *rd)
{
	struct request *r = rd->r;
	bool has_coding = rd->has[TRANSFER_ENCODING];

	if (!rd->has[HOST] && !rd->is_http10)
		fault(rd, REQUEST_MALFORMED);
	if (has_coding && r->has_length)
		fault(rd, REQUEST_MALFORMED);
	if (!rd->is_known_method)
		return;
	if (r->method == REQUEST_POST && !r->has_length)
		fault(rd, REQUEST_NO_LENGTH);
	if (r->method != REQUEST_POST && (has_coding || r->body_len > 0))
		fault(rd, REQUEST_MALFORMED);
	if (rd->is_http10)
		r->wants_continue = false;
}

enum request_fault
request_parse(struct request *r, const char *p, size_t n)
{
	struct reader rd = {.r = r};
	const char *end;
	size_t len, lines = 0;

	memset(r, 0, sizeof *r);
	do {
		if ((end = memmem(p, n, "\r\n", 2)) == NULL)
			return REQUEST_MALFORMED;
		len = (size_t)(end - p);
		if (lines == 0)
			read_line(&rd, p, len);
		else if (len > 0)
			read_field(&rd, p, len);
		p += len + 2;
		n -= len + 2;
	} while (lines++ == 0 || len > 0);
	if (n > 0)
		return REQUEST_MALFORMED;
	if (lines > LIMIT_HTTP_FIELDS + 2)
		fault(&rd, REQUEST_TOO_LONG);
	conclude(&rd);
	return rd.fault;
}
