#include "front/field.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* All of it letters, digits, or one of extra. */
static bool
is_all(const char *p, size_t n, const char *extra)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_alnum(p[i]) && (p[i] == '\0' || strchr(extra, p[i]) == NULL))
			return false;
	return true;
}

bool
field_is_token(const char *p, size_t n)
{
	return n > 0 && is_all(p, n, "!#$%&'*+-.^_`|~");
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Path and query of RFC 3986; an encoded NUL is nobody's honest wish. */
static bool
is_target(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || p[0] != '/' || !is_all(p, n, "-._~!$&'()*+,;=:@/?%"))
		return false;
	for (i = 0; i < n; i++)
		if (p[i] == '%' && (n - i < 3 || !is_hex(p[i + 1]) || !is_hex(p[i + 2]) ||
				       (p[i + 1] == '0' && p[i + 2] == '0')))
			return false;
	return true;
}

/* Is it name=value? Then *value and *len. */
static bool
is_param(const char *p, size_t n, const char *name, const char **value, size_t *len)
{
	size_t skip = strlen(name);

	if (n <= skip || memcmp(p, name, skip) != 0)
		return false;
	*value = p + skip;
	*len = n - skip;
	return true;
}

/* What isn't as we write it ourselves is as if it weren't there. */
static void
read_param(struct request *r, const char *p, size_t n)
{
	uint64_t turn;
	const char *v;
	size_t len;

	if (is_param(p, n, "lang=", &v, &len) && len < sizeof r->lang) {
		memset(r->lang, 0, sizeof r->lang);
		memcpy(r->lang, v, len);
	} else if (is_param(p, n, "t=", &v, &len) && len == REQUEST_COOKIE &&
		   is_all(v, len, "-_")) {
		memcpy(r->token, v, len);
	} else if (is_param(p, n, "n=", &v, &len) && text_number(v, len, 999, &turn) == ERR_OK) {
		r->turn = (unsigned)turn;
	} else if (is_param(p, n, "f=", &v, &len)) {
		r->is_framed = len == 1 && *v == '1';
	}
}

static void
read_query(struct request *r, const char *p, size_t n)
{
	const char *end;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		end = memchr(p, '&', n);
		len = end == NULL ? n : (size_t)(end - p) + 1;
		read_param(r, p, len - (end != NULL));
	}
}

bool
field_target(struct request *r, const char *p, size_t n)
{
	const char *query;
	size_t len;

	if (!is_target(p, n))
		return false;
	query = memchr(p, '?', n);
	len = query == NULL ? n : (size_t)(query - p);
	if (len <= LIMIT_HTTP_PATH)
		memcpy(r->path, p, len);
	if (query != NULL)
		read_query(r, query + 1, n - len - 1);
	return true;
}

bool
field_host(struct request *r, const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > LIMIT_HTTP_HOST || !is_all(p, n, "-.:[]"))
		return false;
	for (i = 0; i < n; i++)
		r->host[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] - 'A' + 'a' : p[i]);
	return true;
}

/* A cursor over the parameters of a Content-Type. */
struct params {
	const char *p;
	size_t n;
};

static void
skip(struct params *c, size_t n)
{
	c->p += n;
	c->n -= n;
}

static void
skip_blanks(struct params *c)
{
	while (c->n > 0 && (*c->p == ' ' || *c->p == '\t'))
		skip(c, 1);
}

/* A token, or a quoted string without escapes; false when it is neither. */
static bool
take_value(struct params *c, const char **value, size_t *len)
{
	bool is_quoted = c->n > 0 && *c->p == '"';
	const char *end;

	if (is_quoted) {
		skip(c, 1);
		if ((end = memchr(c->p, '"', c->n)) == NULL)
			return false;
	} else {
		for (end = c->p; end < c->p + c->n && *end != ';' && *end != ' ' && *end != '\t';
		     end++)
			;
	}
	*value = c->p;
	*len = (size_t)(end - c->p);
	skip(c, *len + is_quoted);
	return memchr(*value, '\\', *len) == NULL;
}

/* One "; name=value"; false at the end, and when it is malformed: then it stays unread. */
static bool
take_param(struct params *c, struct params *name, const char **value, size_t *len)
{
	struct params at = *c;
	const char *equals;

	skip_blanks(&at);
	if (at.n == 0 || *at.p != ';')
		return false;
	skip(&at, 1);
	skip_blanks(&at);
	if ((equals = memchr(at.p, '=', at.n)) == NULL)
		return false;
	*name = (struct params){at.p, (size_t)(equals - at.p)};
	skip(&at, name->n + 1);
	if (!field_is_token(name->p, name->n) || !take_value(&at, value, len))
		return false;
	*c = at;
	return true;
}

/* RFC 2046 section 5.1.1. */
static bool
is_boundary(const char *p, size_t n)
{
	return n >= 1 && n <= LIMIT_BOUNDARY && is_all(p, n, "'()+_,-./:=? ") && p[n - 1] != ' ';
}

void
field_boundary(struct request *r, const char *p, size_t n)
{
	static const char type[] = "multipart/form-data";
	struct params c = {p, n}, name;
	const char *value;
	size_t len;

	if (n < sizeof type - 1 || strncasecmp(p, type, sizeof type - 1) != 0)
		return;
	skip(&c, sizeof type - 1);
	while (take_param(&c, &name, &value, &len)) {
		if (name.n != 8 || strncasecmp(name.p, "boundary", 8) != 0)
			continue;
		if (r->boundary_len > 0 || !is_boundary(value, len))
			goto bad;
		memcpy(r->boundary, value, len);
		r->boundary_len = len;
	}
	if (c.n == 0)
		return;
bad:
	memset(r->boundary, 0, sizeof r->boundary);
	r->boundary_len = 0;
}

void
field_cookie(struct request *r, const char *p, size_t n)
{
	const char *end;
	size_t len, found = 0;

	for (; n > 0; p += len, n -= len) {
		end = memchr(p, ';', n);
		len = end == NULL ? n : (size_t)(end - p);
		if (len >= 2 && memcmp(p, "s=", 2) == 0 && found++ == 0 &&
		    len == REQUEST_COOKIE + 2 && is_all(p + 2, REQUEST_COOKIE, "-_"))
			memcpy(r->cookie, p + 2, REQUEST_COOKIE);
		for (; len < n && (p[len] == ';' || p[len] == ' '); len++)
			;
	}
	if (found > 1)
		memset(r->cookie, 0, sizeof r->cookie);
}

void
field_language(struct request *r, const char *p, size_t n)
{
	memcpy(r->accept, p, n < LIMIT_HTTP_LANGUAGE ? n : LIMIT_HTTP_LANGUAGE);
}
