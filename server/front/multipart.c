#include "multipart.h"

#include <string.h>

/*
 * The delimiter is CRLF "--" boundary, and its only CR is its first byte. So
 * whatever the input ends with can be the beginning of a delimiter in one way
 * only, those bytes are known without having been kept (they are the
 * delimiter's own), and after a mismatch the search goes on where it stands.
 */

/* bcharsnospace of RFC 2046, and the space that may stand inside. */
static bool
is_boundary(const char *s, size_t n)
{
	size_t i;

	if (n == 0 || n > LIMIT_BOUNDARY || s[n - 1] == ' ')
		return false;
	for (i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] != '\0' && strchr("'()+_,-./:=? ", s[i]) != NULL)))
			return false;
	return true;
}

/* A delimiter may follow at once: its CRLF has already been read as something else. */
static void
assume_crlf(struct multipart *m)
{
	m->matched = m->assumed = 2;
}

enum err
multipart_init(struct multipart *m, const char *boundary, size_t n)
{
	if (!is_boundary(boundary, n))
		return ERR_FORMAT;
	/* Not the header: its pages stay untouched until they are needed. */
	memset(m, 0, offsetof(struct multipart, header));
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, n);
	m->delimiter_len = 4 + n;
	m->state = MULTIPART_PREAMBLE;
	assume_crlf(m); /* the first boundary may stand at the very beginning */
	return ERR_OK;
}

static enum err
die(struct multipart *m, enum err e)
{
	m->state = MULTIPART_DEAD;
	return e;
}

static void
advance(const uint8_t **p, size_t *n, size_t used)
{
	*p += used;
	*n -= used;
}

static enum err
add_slack(struct multipart *m, size_t n)
{
	if (n > LIMIT_MULTIPART_SLACK - m->slack)
		return die(m, ERR_LIMIT);
	m->slack += n;
	return ERR_OK;
}

/* How many bytes at p are surely not the delimiter; *matched: how much of it stands behind them. */
static size_t
find_delimiter(const struct multipart *m, const uint8_t *p, size_t n, size_t *matched)
{
	const uint8_t *at, *tail;
	size_t d = m->delimiter_len, tail_len;

	*matched = 0;
	if ((at = memmem(p, n, m->delimiter, d)) != NULL) {
		*matched = d;
		return (size_t)(at - p);
	}
	tail_len = n < d - 1 ? n : d - 1;
	tail = p + (n - tail_len);
	if ((at = memrchr(tail, '\r', tail_len)) == NULL)
		return n;
	tail_len = (size_t)(p + n - at);
	if (memcmp(at, m->delimiter, tail_len) != 0)
		return n;
	*matched = tail_len;
	return n - tail_len;
}

/*
 * Goes on with a delimiter that has begun. Bytes are used only if they
 * continue it; otherwise what had matched is content.
 */
static void
extend_match(struct multipart *m, const uint8_t **p, size_t *n)
{
	size_t want = m->delimiter_len - m->matched;
	size_t len = *n < want ? *n : want;

	if (memcmp(*p, m->delimiter + m->matched, len) == 0) {
		m->matched += len;
		advance(p, n, len);
		return;
	}
	m->data = m->delimiter + m->assumed;
	m->data_len = m->matched - m->assumed;
	m->matched = m->assumed = 0;
}

/* Up to the next delimiter: data_len bytes of content (perhaps none) at data. */
static void
read_content(struct multipart *m, const uint8_t **p, size_t *n)
{
	m->data = *p;
	m->data_len = 0;
	if (m->matched > 0) {
		extend_match(m, p, n);
		return;
	}
	m->data_len = find_delimiter(m, *p, *n, &m->matched);
	advance(p, n, m->data_len + m->matched);
}

/* Text before the first boundary is skipped. */
static enum err
read_preamble(struct multipart *m, const uint8_t **p, size_t *n)
{
	read_content(m, p, n);
	if (m->matched == m->delimiter_len)
		m->state = MULTIPART_BOUNDARY;
	return add_slack(m, m->data_len);
}

static void
read_body(struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event)
{
	read_content(m, p, n);
	if (m->data_len > 0)
		*event = MULTIPART_DATA;
}

/* `--` closes; blanks may follow; CRLF begins the next part. */
static enum err
read_boundary(struct multipart *m, const uint8_t **p, size_t *n)
{
	uint8_t c = **p;

	advance(p, n, 1);
	if (c == '-' && m->state == MULTIPART_BOUNDARY)
		m->state = MULTIPART_CLOSING;
	else if (c == '\r')
		m->state = MULTIPART_LINE_END;
	else if (c == ' ' || c == '\t') {
		m->state = MULTIPART_BLANKS;
		return add_slack(m, 1);
	} else
		return die(m, ERR_FORMAT);
	return ERR_OK;
}

static enum err
read_line_end(struct multipart *m, const uint8_t **p, size_t *n)
{
	if (**p != '\n')
		return die(m, ERR_FORMAT);
	advance(p, n, 1);
	m->state = MULTIPART_HEADER;
	m->header_len = 0;
	return ERR_OK;
}

static enum err
read_closing(struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event)
{
	if (**p != '-')
		return die(m, ERR_FORMAT);
	advance(p, n, 1);
	m->state = MULTIPART_EPILOGUE;
	*event = MULTIPART_END;
	return ERR_OK;
}

static enum err
read_epilogue(struct multipart *m, const uint8_t **p, size_t *n)
{
	size_t len = *n;

	advance(p, n, len);
	return add_slack(m, len);
}

/* Collects whole lines up to the empty one. */
static enum err
read_header(struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event)
{
	const uint8_t *end = memchr(*p, '\n', *n);
	size_t len = end == NULL ? *n : (size_t)(end - *p) + 1;
	enum err e;

	if (len > LIMIT_PART_HEADER - m->header_len)
		return die(m, ERR_LIMIT);
	memcpy(m->header + m->header_len, *p, len);
	m->header_len += len;
	advance(p, n, len);
	if (end == NULL)
		return ERR_OK;
	if (m->header_len < 4 || m->header[m->header_len - 2] != '\r')
		return die(m, ERR_FORMAT); /* no header at all, or a bare LF */
	if (memcmp(m->header + m->header_len - 4, "\r\n\r\n", 4) != 0)
		return ERR_OK;
	e = part_header_parse(m->header, m->header_len - 2, &m->part);
	explicit_bzero(m->header, m->header_len);
	m->header_len = 0;
	if (e != ERR_OK)
		return die(m, e);
	m->state = MULTIPART_BODY;
	assume_crlf(m); /* a part without content may end with the CRLF of its empty line */
	*event = MULTIPART_PART;
	return ERR_OK;
}

static enum err
step(struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event)
{
	switch (m->state) {
	case MULTIPART_DEAD: return ERR_STATE;
	case MULTIPART_PREAMBLE: return read_preamble(m, p, n);
	case MULTIPART_BOUNDARY:
	case MULTIPART_BLANKS: return read_boundary(m, p, n);
	case MULTIPART_LINE_END: return read_line_end(m, p, n);
	case MULTIPART_CLOSING: return read_closing(m, p, n, event);
	case MULTIPART_HEADER: return read_header(m, p, n, event);
	case MULTIPART_BODY: read_body(m, p, n, event); return ERR_OK;
	case MULTIPART_EPILOGUE: return read_epilogue(m, p, n);
	}
	return ERR_STATE;
}

/* The delimiter is complete; it may have come in one piece with the last content. */
static bool
is_part_over(const struct multipart *m)
{
	return m->state == MULTIPART_BODY && m->matched == m->delimiter_len;
}

enum err
multipart_next(struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event)
{
	enum err e = m->state == MULTIPART_DEAD ? ERR_STATE : ERR_OK;

	*event = MULTIPART_MORE;
	while (e == ERR_OK && *event == MULTIPART_MORE && *n > 0 && !is_part_over(m))
		e = step(m, p, n, event);
	if (e == ERR_OK && *event == MULTIPART_MORE && is_part_over(m)) {
		m->state = MULTIPART_BOUNDARY;
		*event = MULTIPART_PART_END;
	}
	return e;
}

enum err
multipart_finish(const struct multipart *m)
{
	if (m->state == MULTIPART_DEAD)
		return ERR_STATE;
	return m->state == MULTIPART_EPILOGUE ? ERR_OK : ERR_TRUNCATED;
}

void
multipart_wipe(struct multipart *m)
{
	explicit_bzero(m, offsetof(struct multipart, header));
	explicit_bzero(m->header, sizeof m->header);
}
