#include "holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

static bool
take_id(struct lines_piece *rest, char id[static RANDOM_ID_LEN + 1])
{
	uint8_t raw[RANDOM_ID_LEN / 2];
	struct lines_piece word;

	if (!lines_word(rest, &word)) {
		word = *rest;
		rest->len = 0;
	}
	if (text_unhex(raw, sizeof raw, word.p, word.len) != ERR_OK)
		return false;
	memcpy(id, word.p, word.len);
	id[word.len] = '\0';
	return true;
}

static struct holder *
find(const struct holders *h, const char *id)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (strcmp(h->p[i].id, id) == 0)
			return &h->p[i];
	return NULL;
}

static void
forget(struct holders *h, const char *id)
{
	struct holder *x = find(h, id);

	if (x == NULL)
		return;
	memmove(x, x + 1, (size_t)(h->p + h->n - (x + 1)) * sizeof *x);
	h->n--;
}

/* A newer record of the same thing takes the older one's place. */
static enum err
note(struct holders *h, const struct record *r)
{
	struct holder new = {.event = r->event, .day = r->day}, *x;
	struct lines_piece rest = r->rest;
	bool is_vault = lines_is(r->event, RECORD_VAULT);

	if (!take_id(&rest, new.id) || (!is_vault && !lines_word(&rest, &new.ranges)))
		return ERR_OK;
	new.name = rest;
	if ((x = find(h, new.id)) == NULL) {
		if ((x = realloc(h->p, (h->n + 1) * sizeof *x)) == NULL)
			return ERR_NOMEM;
		h->p = x;
		x = &h->p[h->n++];
	}
	*x = new;
	return ERR_OK;
}

enum err
holders_load(const struct keystore *k, struct holders *out, struct tool_fault *f)
{
	char id[RANDOM_ID_LEN + 1];
	struct record r;
	struct lines at;
	enum err e;

	*out = (struct holders){0};
	if ((e = record_read(k, &out->log, f)) != ERR_OK)
		return e;
	lines_init(&at, out->log.p, out->log.len);
	while (e == ERR_OK && record_next(&at, &r)) {
		if (lines_is(r.event, RECORD_GONE) && take_id(&r.rest, id))
			forget(out, id);
		else if (lines_is(r.event, RECORD_BACKUP) || lines_is(r.event, RECORD_COPY) ||
			 lines_is(r.event, RECORD_VAULT))
			e = note(out, &r);
	}
	return e == ERR_OK ? ERR_OK : tool_refuse(f, e, "", "not enough memory");
}

void
holders_wipe(struct holders *h)
{
	free(h->p);
	buf_wipe(&h->log);
	*h = (struct holders){0};
}

const struct holder *
holders_find(const struct holders *h, const char *id)
{
	return find(h, id);
}

bool
holders_is(const struct holder *h, const char *event)
{
	return lines_is(h->event, event);
}

bool
holders_was(const struct holders *h, const char *event, const char *id)
{
	char its[RANDOM_ID_LEN + 1];
	struct record r;
	struct lines at;

	lines_init(&at, h->log.p, h->log.len);
	while (record_next(&at, &r))
		if (lines_is(r.event, event) && take_id(&r.rest, its) && strcmp(its, id) == 0)
			return true;
	return false;
}

bool
holders_is_copy(const struct holders *h)
{
	struct record r;
	struct lines at;

	lines_init(&at, h->log.p, h->log.len);
	while (record_next(&at, &r))
		if (lines_is(r.event, RECORD_COPY_OF) && r.rest.len == RANDOM_ID_LEN)
			return true;
	return false;
}

bool
holders_next_retired(struct lines *at, struct holders_epoch *out)
{
	struct lines_piece word;
	struct record r;
	uint64_t n;

	while (record_next(at, &r)) {
		if (!lines_is(r.event, RECORD_RETIRED) || !lines_word(&r.rest, &word) ||
		    word.len > LIMIT_INBOX_NAME ||
		    text_number(r.rest.p, r.rest.len, UINT32_MAX, &n) != ERR_OK)
			continue;
		*out = (struct holders_epoch){.number = (uint32_t)n};
		memcpy(out->inbox, word.p, word.len);
		return true;
	}
	return false;
}

void
holders_span_add(struct holders_span *s, const char *inbox, uint32_t number)
{
	snprintf(s->last.inbox, sizeof s->last.inbox, "%s", inbox);
	s->last.number = number;
	if (s->n++ == 0)
		s->first = s->last;
}

void
holders_opens(const struct holders *h, const struct holder *x, struct holders_span *out)
{
	struct holders_epoch gone;
	struct lines at;

	lines_init(&at, h->log.p, h->log.len);
	while (holders_next_retired(&at, &gone))
		if (record_has(x->ranges, gone.inbox, gone.number))
			holders_span_add(out, gone.inbox, gone.number);
}

bool
holders_is_retired(const struct holders *h, const char *inbox, uint32_t number)
{
	struct holders_epoch gone;
	struct lines at;

	lines_init(&at, h->log.p, h->log.len);
	while (holders_next_retired(&at, &gone))
		if (gone.number == number && strcmp(gone.inbox, inbox) == 0)
			return true;
	return false;
}

uint32_t
holders_last_retired(const struct holders *h, const char *inbox)
{
	struct holders_epoch gone;
	uint32_t last = 0;
	struct lines at;

	lines_init(&at, h->log.p, h->log.len);
	while (holders_next_retired(&at, &gone))
		if (gone.number > last && strcmp(gone.inbox, inbox) == 0)
			last = gone.number;
	return last;
}
