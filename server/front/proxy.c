#include "front/proxy.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define START "PROXY "

/* One field: up to the next blank, or to the end. */
struct field {
	const char *p;
	size_t len;
};

static struct field
take(const char **p, const char *end)
{
	const char *blank = memchr(*p, ' ', (size_t)(end - *p));
	struct field f = {*p, (size_t)((blank == NULL ? end : blank) - *p)};

	*p = blank == NULL ? end : blank + 1;
	return f;
}

static bool
is_text(struct field f, const char *text)
{
	return f.len == strlen(text) && memcmp(f.p, text, f.len) == 0;
}

/* The last four bytes of an address of this family. */
static enum err
read_address(struct field f, int family, uint32_t *tail)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t raw[16];
	size_t len = family == AF_INET6 ? 16 : 4;

	if (f.len == 0 || f.len >= sizeof text)
		return ERR_FORMAT;
	memcpy(text, f.p, f.len);
	text[f.len] = '\0';
	if (strlen(text) != f.len || inet_pton(family, text, raw) != 1)
		return ERR_FORMAT;
	memcpy(tail, raw + len - sizeof *tail, sizeof *tail);
	*tail = ntohl(*tail);
	return ERR_OK;
}

/* p to end: what stands between "PROXY " and the end of the line. */
static enum err
read_fields(const char *p, const char *end, uint32_t *circuit)
{
	struct field protocol = take(&p, end);
	uint32_t source = 0, destination;
	uint64_t port;
	int family;
	size_t i;

	if (is_text(protocol, "UNKNOWN")) {
		*circuit = 0;
		return ERR_OK;
	}
	if (!is_text(protocol, "TCP6") && !is_text(protocol, "TCP4"))
		return ERR_FORMAT;
	family = is_text(protocol, "TCP6") ? AF_INET6 : AF_INET;
	if (read_address(take(&p, end), family, &source) != ERR_OK ||
	    read_address(take(&p, end), family, &destination) != ERR_OK)
		return ERR_FORMAT;
	for (i = 0; i < 2; i++) {
		struct field f = take(&p, end);

		if (text_number(f.p, f.len, UINT16_MAX, &port) != ERR_OK)
			return ERR_FORMAT;
	}
	if (p != end || end[-1] == ' ')
		return ERR_FORMAT;
	*circuit = source;
	return ERR_OK;
}

enum err
proxy_parse(const char *p, size_t n, size_t *len, uint32_t *circuit)
{
	size_t start = strlen(START), known = n < start ? n : start;
	size_t seen = n < LIMIT_PROXY_LINE ? n : LIMIT_PROXY_LINE;
	const char *end;
	enum err e;

	if (memcmp(p, START, known) != 0)
		return ERR_FORMAT;
	if ((end = memmem(p, seen, "\r\n", 2)) == NULL)
		return n < LIMIT_PROXY_LINE ? ERR_AGAIN : ERR_FORMAT;
	if ((e = read_fields(p + start, end, circuit)) != ERR_OK)
		return e;
	*len = (size_t)(end - p) + 2;
	return ERR_OK;
}
