#include "age_header.h"

#include <string.h>

#include "base/text.h"
#include "seal/age.h"

#define LINE_BYTES  (AGE_BODY_COLUMNS / 4 * 3) /* what a full body line decodes to */
#define STANZA_MARK "-> "
#define MAC_MARK    "---"

void
age_header_init(struct age_header *h)
{
	*h = (struct age_header){.state = AGE_HEADER_VERSION};
}

static bool
begins_with(const char *line, size_t len, const char *what)
{
	return len >= strlen(what) && memcmp(line, what, strlen(what)) == 0;
}

/* argument *(SP argument), each 1*VCHAR: no space at the ends, no two in a row. */
static bool
are_arguments(const char *s, size_t len)
{
	bool was_space = true;
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] == ' ' ? was_space : (s[i] < 0x21 || s[i] > 0x7e))
			return false;
		was_space = s[i] == ' ';
	}
	return !was_space;
}

static enum err
take_stanza(struct age_header *h, const char *line, size_t len)
{
	size_t mark = strlen(STANZA_MARK);

	if (!are_arguments(line + mark, len - mark))
		return ERR_FORMAT;
	if (h->n_stanzas == LIMIT_AGE_STANZAS)
		return ERR_LIMIT;
	h->stanzas[h->n_stanzas++] = (struct age_header_stanza){
	    .args = (uint32_t)(h->line + mark),
	    .args_len = (uint32_t)(len - mark),
	    .body = (uint32_t)h->len,
	};
	h->state = AGE_HEADER_BODY;
	return ERR_AGAIN;
}

/* A body ends with the first line that isn't full, which may be empty. */
static enum err
take_body(struct age_header *h, const char *line, size_t len)
{
	uint8_t bytes[LINE_BYTES];
	size_t n = len / 4 * 3 + len % 4 * 3 / 4;

	if (len > AGE_BODY_COLUMNS || text_unb64(bytes, n, line, len) != ERR_OK)
		return ERR_FORMAT;
	h->stanzas[h->n_stanzas - 1].body_size += (uint32_t)n;
	if (len < AGE_BODY_COLUMNS)
		h->state = AGE_HEADER_NEXT;
	return ERR_AGAIN;
}

static enum err
take_mac(struct age_header *h, const char *line, size_t len)
{
	size_t mark = strlen(MAC_MARK);

	if (h->n_stanzas == 0 || len == mark || line[mark] != ' ' ||
	    text_unb64(h->mac, sizeof h->mac, line + mark + 1, len - mark - 1) != ERR_OK)
		return ERR_FORMAT;
	h->mac_len = h->line + mark;
	h->state = AGE_HEADER_DONE;
	return ERR_OK;
}

/* A whole line has come. ERR_OK after the last one. */
static enum err
take_line(struct age_header *h)
{
	const char *line = (const char *)h->raw + h->line;
	size_t len = h->len - h->line - 1;

	if (h->state == AGE_HEADER_BODY)
		return take_body(h, line, len);
	if (begins_with(line, len, STANZA_MARK))
		return take_stanza(h, line, len);
	if (begins_with(line, len, MAC_MARK))
		return take_mac(h, line, len);
	return ERR_FORMAT;
}

/* Byte for byte, so that a file of another kind is refused at its first bytes. */
static enum err
take_version_byte(struct age_header *h)
{
	if (h->raw[h->len - 1] != (uint8_t)AGE_VERSION_LINE[h->len - 1])
		return ERR_FORMAT;
	if (h->len == strlen(AGE_VERSION_LINE))
		h->state = AGE_HEADER_NEXT;
	return ERR_AGAIN;
}

static enum err
take_byte(struct age_header *h, uint8_t c)
{
	enum err e = ERR_AGAIN;

	if (h->len == sizeof h->raw)
		return ERR_LIMIT;
	h->raw[h->len++] = c;
	if (h->state == AGE_HEADER_VERSION)
		e = take_version_byte(h);
	else if (c == '\n')
		e = take_line(h);
	if (c == '\n')
		h->line = h->len;
	return e;
}

enum err
age_header_put(struct age_header *h, const void *p, size_t n, size_t *used)
{
	const uint8_t *from = p;
	enum err e = ERR_AGAIN;
	size_t i;

	if (h->state == AGE_HEADER_DONE || h->state == AGE_HEADER_DEAD)
		return ERR_STATE;
	for (i = 0; i < n && e == ERR_AGAIN; i++)
		e = take_byte(h, from[i]);
	if (e == ERR_OK || e == ERR_AGAIN)
		*used = i;
	else
		h->state = AGE_HEADER_DEAD;
	return e;
}

/* The argument that begins at *at; *at moves behind it. */
static size_t
next_argument(const char *s, size_t len, size_t *at)
{
	const char *space = memchr(s + *at, ' ', len - *at);
	size_t n = space == NULL ? len - *at : (size_t)(space - s) - *at;

	*at += n + (space != NULL);
	return n;
}

size_t
age_header_args(const struct age_header *h, const struct age_header_stanza *s)
{
	size_t at = 0, n = 0;

	for (; at < s->args_len; n++)
		next_argument((const char *)h->raw + s->args, s->args_len, &at);
	return n;
}

const char *
age_header_arg(const struct age_header *h, const struct age_header_stanza *s, size_t i, size_t *len)
{
	const char *args = (const char *)h->raw + s->args;
	size_t at = 0, begin = 0, n;

	for (n = 0; n <= i; n++) {
		if (at >= s->args_len)
			return NULL;
		begin = at;
		*len = next_argument(args, s->args_len, &at);
	}
	return args + begin;
}

bool
age_header_is(const struct age_header *h, const struct age_header_stanza *s, const char *type)
{
	size_t len = 0;
	const char *arg = age_header_arg(h, s, 0, &len);

	return len == strlen(type) && memcmp(arg, type, len) == 0;
}

enum err
age_header_body(
    const struct age_header *h, const struct age_header_stanza *s, uint8_t *out, size_t n)
{
	if (n >= LINE_BYTES || s->body_size != n)
		return ERR_FORMAT;
	return text_unb64(out, n, (const char *)h->raw + s->body, TEXT_B64_LEN(n));
}
