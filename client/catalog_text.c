#include "catalog_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog_topics.h"

/* A walk through the words of a line; the first thing that doesn't fit stays in e. */
struct words {
	struct lines_piece rest;
	enum err e;
};

static struct lines_piece
word(struct words *w)
{
	struct lines_piece s = {"", 0};

	if (w->e != ERR_OK)
		return s;
	if (lines_word(&w->rest, &s)) {
		if (w->rest.len == 0) /* a space behind the last word */
			w->e = ERR_FORMAT;
	} else {
		s = w->rest;
		w->rest = (struct lines_piece){s.p + s.len, 0};
	}
	if (s.len == 0)
		w->e = ERR_FORMAT;
	return s;
}

static uint64_t
number(struct words *w, uint64_t max)
{
	struct lines_piece s = word(w);
	uint64_t v = 0;

	if (w->e == ERR_OK && text_number(s.p, s.len, max, &v) != ERR_OK)
		w->e = ERR_FORMAT;
	return v;
}

static uint32_t
number32(struct words *w)
{
	return (uint32_t)number(w, UINT32_MAX);
}

static int32_t
day(struct words *w)
{
	struct lines_piece s = word(w);
	int32_t v = 0;

	if (w->e == ERR_OK && date_parse(s.p, s.len, &v) != ERR_OK)
		w->e = ERR_FORMAT;
	return v;
}

/* A word of at most max bytes; out has one byte more. "-" is "". */
static void
text(struct words *w, char *out, size_t max)
{
	struct lines_piece s = word(w);

	if (w->e != ERR_OK)
		return;
	if (s.len > max) {
		w->e = ERR_FORMAT;
		return;
	}
	if (lines_is(s, "-"))
		s.len = 0;
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
}

/* A day, or "-" for 0. */
static int32_t
day_or_none(struct words *w)
{
	char s[DATE_DAY_LEN + 1] = "";
	int32_t v = 0;

	text(w, s, DATE_DAY_LEN);
	if (w->e == ERR_OK && s[0] != '\0' && date_parse(s, strlen(s), &v) != ERR_OK)
		w->e = ERR_FORMAT;
	return v;
}

static void
hash(struct words *w, uint8_t out[static HASH_LEN])
{
	struct lines_piece s = word(w);

	if (w->e == ERR_OK && text_unhex(out, HASH_LEN, s.p, s.len) != ERR_OK)
		w->e = ERR_FORMAT;
}

/* An id, or "-" for none. */
static void
id(struct words *w, char out[static RANDOM_ID_LEN + 1])
{
	uint8_t raw[RANDOM_ID_LEN / 2];

	text(w, out, RANDOM_ID_LEN);
	if (w->e == ERR_OK && out[0] != '\0' &&
	    text_unhex(raw, sizeof raw, out, strlen(out)) != ERR_OK)
		w->e = ERR_FORMAT;
}

static enum err
end(const struct words *w)
{
	return w->e == ERR_OK && w->rest.len != 0 ? ERR_FORMAT : w->e;
}

static void
topics(struct words *w, struct catalog_item *out)
{
	struct lines_piece s = word(w);

	if (w->e == ERR_OK)
		w->e = catalog_topics_read(s, out);
}

/* ---- lines */

enum err
catalog_text_item(struct lines_piece s, struct catalog_item *out)
{
	struct words w = {s, ERR_OK};
	struct catalog_item i = {0};

	id(&w, i.id);
	i.state = (enum catalog_state)number(&w, CATALOG_STATES - 1);
	i.flags = number32(&w);
	i.day = day(&w);
	text(&w, i.inbox, LIMIT_INBOX_NAME);
	i.epoch = number32(&w);
	i.size = number(&w, UINT64_MAX);
	hash(&w, i.hash);
	text(&w, i.received, DATE_MINUTE_LEN);
	i.schedule = number32(&w);
	i.files = number32(&w);
	i.bytes = number(&w, UINT64_MAX);
	i.message = number32(&w);
	text(&w, i.mailbox, MANIFEST_MAILBOX_LEN);
	text(&w, i.reply_to, AGE_RECIPIENT_LEN);
	topics(&w, &i);
	if (w.e == ERR_OK && i.id[0] == '\0')
		w.e = ERR_FORMAT;
	if ((w.e = end(&w)) == ERR_OK)
		*out = i;
	else
		catalog_text_item_wipe(&i);
	return w.e;
}

void
catalog_text_item_wipe(struct catalog_item *i)
{
	free(i->topics);
	i->topics = NULL;
	i->n_topics = 0;
}

enum err
catalog_text_bundle(struct lines_piece s, struct catalog_bundle *out)
{
	struct words w = {s, ERR_OK};
	struct catalog_bundle b = {0};

	b.serial = number32(&w);
	b.volume = number32(&w);
	b.volumes = number32(&w);
	b.made = day(&w);
	b.imported = day(&w);
	b.items = number32(&w);
	b.schedule = number32(&w);
	b.is_whole = number(&w, 1) == 1;
	hash(&w, b.hash);
	hash(&w, b.previous);
	if (end(&w) == ERR_OK)
		*out = b;
	return end(&w);
}

enum err
catalog_text_schedule(struct lines_piece s, struct catalog_schedule *out)
{
	struct words w = {s, ERR_OK};
	struct catalog_schedule x = {0};

	x.serial = number32(&w);
	hash(&w, x.hash);
	if (end(&w) == ERR_OK)
		*out = x;
	return end(&w);
}

enum err
catalog_text_alarm(struct lines_piece s, struct catalog_alarm *out)
{
	struct words w = {s, ERR_OK};
	struct catalog_alarm a = {0};

	a.number = number32(&w);
	a.kind = (enum catalog_alarm_kind)number(&w, CATALOG_ALARM_KINDS - 1);
	a.day = day(&w);
	a.seen = day_or_none(&w);
	a.a = number(&w, UINT64_MAX);
	a.b = number(&w, UINT64_MAX);
	id(&w, a.id);
	if (end(&w) == ERR_OK)
		*out = a;
	return end(&w);
}

enum err
catalog_text_review(struct lines_piece s, struct catalog_item *out)
{
	char hex[2 * SHA256_LEN + 1] = "";
	struct words w = {s, ERR_OK};
	struct catalog_item i = {0};

	id(&w, i.id);
	i.reviewed = day_or_none(&w);
	i.gone = number32(&w);
	text(&w, hex, 2 * SHA256_LEN);
	i.is_kept = hex[0] != '\0';
	if (w.e == ERR_OK && (i.id[0] == '\0' || (i.is_kept && text_unhex(i.original, SHA256_LEN,
								   hex, strlen(hex)) != ERR_OK)))
		w.e = ERR_FORMAT;
	if (end(&w) == ERR_OK)
		*out = i;
	return end(&w);
}

enum err
catalog_text_reply(struct lines_piece s, struct post_reply *out)
{
	struct words w = {s, ERR_OK};
	struct post_reply r = {0};

	id(&w, r.id);
	id(&w, r.to);
	text(&w, r.mailbox, MANIFEST_MAILBOX_LEN);
	r.day = day(&w);
	r.size = number(&w, LIMIT_REPLY);
	hash(&w, r.hash);
	r.serial = number32(&w);
	if (w.e == ERR_OK && (r.id[0] == '\0' || r.to[0] == '\0'))
		w.e = ERR_FORMAT;
	if (end(&w) == ERR_OK)
		*out = r;
	return end(&w);
}

enum err
catalog_text_inventory(struct lines_piece s, uint32_t *serial, int32_t *made)
{
	struct words w = {s, ERR_OK};
	uint32_t n = number32(&w);
	int32_t on = day(&w);

	if (end(&w) == ERR_OK) {
		*serial = n;
		*made = on;
	}
	return end(&w);
}

enum err
catalog_text_answers(struct lines_piece s, struct post_bundle *out)
{
	struct words w = {s, ERR_OK};
	struct post_bundle b = {0};

	b.serial = number32(&w);
	b.made = day(&w);
	b.replies = number32(&w);
	b.receipts = number32(&w);
	b.is_written = number(&w, 1) == 1;
	if (end(&w) == ERR_OK)
		*out = b;
	return end(&w);
}

enum err
catalog_text_backup(struct lines_piece s, struct post_backup *out)
{
	struct words w = {s, ERR_OK};
	struct post_backup b = {0};

	b.number = number32(&w);
	b.day = day(&w);
	id(&w, b.id);
	b.items = number32(&w);
	if (end(&w) == ERR_OK)
		*out = b;
	return end(&w);
}

enum err
catalog_text_held(struct lines_piece s, struct post_held *out)
{
	struct words w = {s, ERR_OK};
	struct post_held h = {0};

	id(&w, h.id);
	h.backup = number32(&w);
	h.serial = number32(&w);
	if (end(&w) == ERR_OK)
		*out = h;
	return end(&w);
}
