#include "manifest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "seal/bech32.h"

#define TAIL_MAX     64 /* what a file's size and the end of the text need at most */
#define DEFAULT_TYPE "application/octet-stream"

/* ---- JSON */

static enum err
add_escape(struct buf *b, uint32_t c)
{
	if (c < 0x10000)
		return buf_addf(b, "\\u%04x", c);
	c -= 0x10000;
	return buf_addf(b, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

/* One character, or one byte that is none; *used says how many bytes it was. */
static enum err
add_character(struct buf *b, const uint8_t *p, size_t n, size_t *used)
{
	size_t len = text_utf8_len(p, n);
	uint32_t c;

	*used = len == 0 ? 1 : len;
	if (len == 0)
		return buf_add_str(b, "\xef\xbf\xbd");
	c = text_utf8_point(p, len);
	if (c == '"' || c == '\\')
		return buf_addf(b, "\\%c", (char)c);
	if (text_is_treacherous(c))
		return add_escape(b, c);
	return buf_add(b, p, len);
}

static enum err
add_string(struct buf *b, const char *s)
{
	size_t n = strlen(s), used;
	enum err e;

	if ((e = buf_add_str(b, "\"")) != ERR_OK)
		return e;
	for (; n > 0; s += used, n -= used)
		if ((e = add_character(b, (const uint8_t *)s, n, &used)) != ERR_OK)
			return e;
	return buf_add_str(b, "\"");
}

/* What comes before a value: `,"key":`, say. */
static enum err
add_pair(struct buf *b, const char *before, const char *value)
{
	enum err e;

	if ((e = buf_add_str(b, before)) != ERR_OK)
		return e;
	return add_string(b, value);
}

static enum err
add_pair_or_null(struct buf *b, const char *before, const char *value)
{
	if (value[0] != '\0')
		return add_pair(b, before, value);
	return buf_addf(b, "%snull", before);
}

/* ---- the head */

static enum err
add_recipients(struct buf *b, const struct schedule_seal *s)
{
	char text[AGE_RECIPIENT_LEN + 1];
	enum err e;
	size_t i;

	if ((e = buf_add_str(b, ",\"recipients\":[")) != ERR_OK)
		return e;
	for (i = 0; i < s->n; i++) {
		bech32_recipient(text, s->recipients[i]);
		if ((e = add_pair(b, i == 0 ? "" : ",", text)) != ERR_OK)
			return e;
	}
	return buf_add_str(b, "]");
}

static enum err
add_topics(struct buf *b, const struct conf *c, const char *const *values)
{
	const char *before = ",\"topics\":{";
	enum err e;
	size_t i;

	for (i = 0; i < c->n_topics; i++) {
		if (values[i] == NULL)
			continue;
		if ((e = add_pair(b, before, c->topics[i].name)) != ERR_OK ||
		    (e = add_pair(b, ":", values[i])) != ERR_OK)
			return e;
		before = ",";
	}
	if (before[1] != '\0' && (e = buf_add_str(b, before)) != ERR_OK)
		return e; /* none was chosen */
	return buf_add_str(b, "}");
}

static enum err
add_received(struct manifest *m)
{
	static const char before[] = ",\"received\":\"";
	char minute[DATE_MINUTE_LEN + 1];

	m->received_at = m->text.len + strlen(before);
	date_format_minute(minute, 0);
	return buf_addf(&m->text, "%s%s\"", before, minute);
}

enum err
manifest_begin(struct manifest *m, const struct manifest_head *h, size_t max)
{
	static const struct manifest_source none;
	const struct manifest_source *from = h->source == NULL ? &none : h->source;
	struct buf *b = &m->text;
	enum err e;

	*m = (struct manifest){0};
	buf_init(b, max);
	if ((e = add_pair(b, "{\"format\":", "sealslot 1")) != ERR_OK ||
	    (e = add_pair(b, ",\"id\":", h->id)) != ERR_OK ||
	    (e = add_pair(b, ",\"instance\":", h->schedule->instance)) != ERR_OK ||
	    (e = add_pair(b, ",\"inbox\":", h->schedule->inboxes[h->inbox].name)) != ERR_OK ||
	    (e = buf_addf(b, ",\"epoch\":%" PRIu32 ",\"schedule\":%" PRIu32, h->seal->number,
		 h->schedule->serial)) != ERR_OK ||
	    (e = add_recipients(b, h->seal)) != ERR_OK || (e = add_received(m)) != ERR_OK ||
	    (e = add_topics(b, h->conf, h->topics)) != ERR_OK ||
	    (e = add_pair_or_null(b, ",\"reply_to\":", from->reply_to)) != ERR_OK ||
	    (e = add_pair_or_null(b, ",\"mailbox\":", from->mailbox)) != ERR_OK)
		return e;
	return buf_add_str(b, ",\"files\":[");
}

/* ---- the files */

static size_t
type_word(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-");
}

/* type/subtype without parameters; *len says how much of it. */
static bool
is_type(const char *s, size_t *len)
{
	size_t a = type_word(s), b;

	if (a == 0 || s[a] != '/' || (b = type_word(s + a + 1)) == 0)
		return false;
	*len = a + 1 + b;
	return s[*len] == '\0' || s[*len] == ';' || s[*len] == ' ';
}

enum err
manifest_file(struct manifest *m, const char *member, const char *original, const char *type)
{
	struct buf *b = &m->text;
	size_t len = 0;
	enum err e;

	if (!is_type(type, &len)) {
		type = DEFAULT_TYPE;
		len = strlen(type);
	}
	if ((e = add_pair(b, m->files == 0 ? "{\"name\":" : ",{\"name\":", member)) != ERR_OK ||
	    (e = add_pair(b, ",\"original\":", original)) != ERR_OK ||
	    (e = buf_addf(b, ",\"type\":\"%.*s\"", (int)len, type)) != ERR_OK)
		return e;
	m->files++;
	/* Better now than after the last byte of a large file. */
	return b->max - b->len < TAIL_MAX ? ERR_LIMIT : ERR_OK;
}

enum err
manifest_file_size(struct manifest *m, uint64_t size)
{
	return buf_addf(&m->text, ",\"size\":%" PRIu64 "}", size);
}

enum err
manifest_end(struct manifest *m, int64_t received)
{
	char minute[DATE_MINUTE_LEN + 1];
	enum err e;

	if ((e = buf_add_str(&m->text, "]}")) != ERR_OK)
		return e;
	date_format_minute(minute, received);
	memcpy(m->text.p + m->received_at, minute, DATE_MINUTE_LEN);
	return ERR_OK;
}

void
manifest_wipe(struct manifest *m)
{
	buf_wipe(&m->text);
	*m = (struct manifest){0};
}
