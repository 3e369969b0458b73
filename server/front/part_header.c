#include "part_header.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A piece of the header block; borrowed. */
struct span {
	const char *p;
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 7230 tokens; also what an unquoted value may hold. */
static bool
is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
span_is(struct span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void
skip_blanks(struct span *s)
{
	while (s->n > 0 && is_blank(s->p[0]))
		skip(s, 1);
}

static struct span
take_token(struct span *s)
{
	struct span t = {s->p, 0};

	while (s->n > 0 && is_token(s->p[0])) {
		skip(s, 1);
		t.n++;
	}
	return t;
}

/* The length of a cut of at most max bytes that doesn't part a UTF-8 sequence. */
static size_t
cut(struct span s, size_t max)
{
	size_t n = max, back;

	if (s.n <= max)
		return s.n;
	for (back = 0; back < 3 && n > 0 && (s.p[n] & 0xc0) == 0x80; back++)
		n--;
	return n;
}

/* One character of a name as browsers escape them: its bytes, and how many were read. */
static struct span
unescape(struct span s, size_t *used)
{
	static const char *const code[] = {"%22", "%0D", "%0A"};
	static const char plain[] = "\"\r\n";
	size_t i;

	*used = 1;
	if (s.p[0] == '%' && s.n >= 3)
		for (i = 0; i < sizeof code / sizeof *code; i++)
			if (strncasecmp(s.p, code[i], 3) == 0) {
				*used = 3;
				return (struct span){plain + i, 1};
			}
	if ((unsigned char)s.p[0] < 0x20 || s.p[0] == 0x7f)
		return (struct span){"\xef\xbf\xbd", 3};
	return (struct span){s.p, 1};
}

/* Decodes s into out, which has max bytes and a NUL. */
static void
decode_name(char *out, size_t max, struct span s)
{
	/* Room for the longest replacement past max, so that the border is found in decoded bytes.
	 */
	char wide[LIMIT_ORIGINAL_NAME + 4];
	size_t fill = 0, used;
	struct span c;

	while (s.n > 0 && fill <= max) {
		c = unescape(s, &used);
		memcpy(wide + fill, c.p, c.n);
		fill += c.n;
		skip(&s, used);
	}
	fill = cut((struct span){wide, fill}, max);
	memcpy(out, wide, fill);
	out[fill] = '\0';
	explicit_bzero(wide, sizeof wide);
}

/* "quoted", without escapes, or a token. */
static enum err
take_value(struct span *s, struct span *value)
{
	const char *end;

	if (s->n == 0 || s->p[0] != '"') {
		*value = take_token(s);
		return value->n > 0 ? ERR_OK : ERR_FORMAT;
	}
	skip(s, 1);
	if ((end = memchr(s->p, '"', s->n)) == NULL)
		return ERR_FORMAT;
	*value = (struct span){s->p, (size_t)(end - s->p)};
	skip(s, value->n + 1);
	return ERR_OK;
}

static enum err
take_parameter(struct span *s, struct span *name, struct span *value)
{
	skip_blanks(s);
	*name = take_token(s);
	skip_blanks(s);
	if (name->n == 0 || s->n == 0 || s->p[0] != '=')
		return ERR_FORMAT;
	skip(s, 1);
	skip_blanks(s);
	return take_value(s, value);
}

static enum err
keep_parameter(struct part_header *h, struct span name, struct span value)
{
	if (span_is(name, "name")) {
		if (h->name[0] != '\0' || value.n == 0)
			return ERR_FORMAT;
		decode_name(h->name, LIMIT_FIELD_NAME, value);
	} else if (span_is(name, "filename")) {
		if (h->is_file)
			return ERR_FORMAT;
		decode_name(h->filename, LIMIT_ORIGINAL_NAME, value);
		h->is_file = true;
	}
	return ERR_OK;
}

/* form-data; name="..."; filename="..." */
static enum err
parse_disposition(struct part_header *h, struct span s)
{
	struct span name, value;
	enum err e;

	if (h->name[0] != '\0' || !span_is(take_token(&s), "form-data"))
		return ERR_FORMAT;
	for (skip_blanks(&s); s.n > 0; skip_blanks(&s)) {
		if (s.p[0] != ';')
			return ERR_FORMAT;
		skip(&s, 1);
		skip_blanks(&s);
		if (s.n == 0)
			break; /* a `;` at the end */
		if ((e = take_parameter(&s, &name, &value)) != ERR_OK ||
		    (e = keep_parameter(h, name, value)) != ERR_OK)
			return e;
	}
	return h->name[0] == '\0' ? ERR_FORMAT : ERR_OK;
}

static enum err
parse_type(struct part_header *h, bool *is_seen, struct span s)
{
	if (*is_seen)
		return ERR_FORMAT;
	*is_seen = true;
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	if (s.n > LIMIT_FILE_TYPE || memchr(s.p, '\0', s.n) != NULL)
		return ERR_OK;
	memcpy(h->type, s.p, s.n);
	h->type[s.n] = '\0';
	return ERR_OK;
}

/* A line that starts with a blank belongs to the one before it (RFC 5322 section 2.2.3). */
static enum err
unfold(char *p, size_t n)
{
	size_t i;

	if (n < 2 || is_blank(p[0]) || p[n - 2] != '\r' || p[n - 1] != '\n')
		return ERR_FORMAT;
	for (i = 0; i < n; i++) {
		if (p[i] == '\n' || (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n')))
			return ERR_FORMAT; /* one without the other */
		if (p[i] != '\r')
			continue;
		if (i + 2 < n && is_blank(p[i + 2]))
			p[i] = p[i + 1] = ' ';
		else
			i++;
	}
	return ERR_OK;
}

/* One line, without its CRLF. Headers that we don't need are only looked at for their form. */
static enum err
parse_line(struct part_header *h, bool *has_type, struct span line)
{
	struct span name = take_token(&line);

	if (name.n == 0 || line.n == 0 || line.p[0] != ':')
		return ERR_FORMAT;
	skip(&line, 1);
	skip_blanks(&line);
	if (span_is(name, "Content-Disposition"))
		return parse_disposition(h, line);
	if (span_is(name, "Content-Type"))
		return parse_type(h, has_type, line);
	return ERR_OK;
}

enum err
part_header_parse(char *p, size_t n, struct part_header *out)
{
	struct part_header h = {0};
	bool has_type = false;
	const char *end;
	enum err e;
	size_t len;

	if ((e = unfold(p, n)) != ERR_OK)
		goto done;
	for (; n > 0; p += len + 2, n -= len + 2) {
		if ((end = memchr(p, '\r', n)) == NULL) {
			e = ERR_FORMAT;
			goto done;
		}
		len = (size_t)(end - p);
		if ((e = parse_line(&h, &has_type, (struct span){p, len})) != ERR_OK)
			goto done;
	}
	if (h.name[0] == '\0')
		e = ERR_FORMAT;
	else
		*out = h;
done:
	explicit_bzero(&h, sizeof h);
	return e;
}
