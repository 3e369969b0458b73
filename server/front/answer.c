#include "front/answer.h"

#include <stdio.h>
#include <string.h>

#define CSP_START                                                                                  \
	"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "               \
	"frame-src 'self'; base-uri 'none'; frame-ancestors "

void
answer_init(struct answer *a, unsigned status)
{
	*a = (struct answer){.status = status};
	buf_init(&a->body, ANSWER_BODY_MAX);
}

void
answer_wipe(struct answer *a)
{
	buf_wipe(&a->body);
	explicit_bzero(a, sizeof *a);
}

/* The same for everybody and on every answer; no date, no server, no tag. */
static const struct answer_field strict[] = {
    {"Cache-Control", "no-store"},
    {"Connection", "close"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
	"accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
	"fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
	"payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), "
	"usb=(), web-share=(), xr-spatial-tracking=()"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
};
#define N_STRICT (sizeof strict / sizeof strict[0])
_Static_assert(N_STRICT + 7 <= ANSWER_FIELDS, "ANSWER_FIELDS is too small");

static const char *
type_name(enum answer_type type)
{
	switch (type) {
	case ANSWER_HTML: return "text/html; charset=utf-8";
	case ANSWER_TEXT: return "text/plain; charset=utf-8";
	case ANSWER_CSS: return "text/css; charset=utf-8";
	case ANSWER_PNG: return "image/png";
	}
	return "application/octet-stream";
}

size_t
answer_fields(struct answer *a, struct answer_field out[static ANSWER_FIELDS])
{
	size_t n = N_STRICT;

	memcpy(out, strict, sizeof strict);
	out[n++] = (struct answer_field){
	    "Content-Security-Policy", a->may_be_framed ? CSP_START "'self'" : CSP_START "'none'"};
	out[n++] = (struct answer_field){"Content-Type", type_name(a->type)};
	if (a->location[0] != '\0')
		out[n++] = (struct answer_field){"Location", a->location};
	if (a->allow != NULL)
		out[n++] = (struct answer_field){"Allow", a->allow};
	if (a->refresh[0] != '\0')
		out[n++] = (struct answer_field){"Refresh", a->refresh};
	if (a->cookie[0] != '\0') {
		snprintf(
		    a->line, sizeof a->line, "s=%s; HttpOnly; SameSite=Strict; Path=/", a->cookie);
		out[n++] = (struct answer_field){"Set-Cookie", a->line};
	} else if (a->is_farewell) {
		out[n++] = (struct answer_field){
		    "Set-Cookie", "s=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"};
		out[n++] =
		    (struct answer_field){"Clear-Site-Data", "\"cache\", \"cookies\", \"storage\""};
	}
	return n;
}

static const char *
reason(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 303: return "See Other";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 411: return "Length Required";
	case 413: return "Content Too Large";
	case 417: return "Expectation Failed";
	case 421: return "Misdirected Request";
	case 431: return "Request Header Fields Too Large";
	case 505: return "HTTP Version Not Supported";
	case 507: return "Insufficient Storage";
	default: return "Service Unavailable";
	}
}

enum err
answer_head(struct answer *a, struct buf *out)
{
	struct answer_field fields[ANSWER_FIELDS];
	size_t n = answer_fields(a, fields), i;
	enum err e;

	if ((e = buf_addf(out, "HTTP/1.1 %u %s\r\n", a->status, reason(a->status))) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		if ((e = buf_addf(out, "%s: %s\r\n", fields[i].name, fields[i].value)) != ERR_OK)
			return e;
	return buf_addf(out, "Content-Length: %zu\r\n\r\n", a->body.len);
}
