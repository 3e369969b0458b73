#include "needs.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "lines.h"

static const char *const whys[NEEDS_WHYS] = {"unread", "missing", "server"};

/* The lines in their order; the last three may be left out or repeat. */
enum stage {
	FORMAT,
	INSTANCE,
	VAULT,
	MADE,
	INVENTORY,
	COUNT,
	LISTS, /* epochs, items, the end */
	OVER,
};

int
needs_compare(const char *inbox, uint32_t number, const char *inbox2, uint32_t number2)
{
	int c = strcmp(inbox, inbox2);

	return c != 0 ? c : (number > number2) - (number < number2);
}

void
needs_init(struct needs_read *r, const struct needs_events *events)
{
	*r = (struct needs_read){.events = *events, .stage = FORMAT, .number = 1};
}

static enum err
refuse(struct needs_read *r, enum err e, const char *why)
{
	r->why = why;
	return e;
}

/* ---- words */

static bool
take_id(struct lines_piece s, char id[static RANDOM_ID_LEN + 1])
{
	uint8_t raw[RANDOM_ID_LEN / 2];

	if (text_unhex(raw, sizeof raw, s.p, s.len) != ERR_OK)
		return false;
	memcpy(id, s.p, s.len);
	id[s.len] = '\0';
	return true;
}

static bool
take_number(struct lines_piece s, uint32_t *out)
{
	uint64_t v;

	if (text_number(s.p, s.len, UINT32_MAX, &v) != ERR_OK || v == 0)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* "tips 31 " */
static bool
take_place(struct lines_piece *s, char inbox[static LIMIT_INBOX_NAME + 1], uint32_t *number)
{
	struct lines_piece word;

	if (!lines_word(s, &word) || !schedule_is_inbox_name(word.p, word.len))
		return false;
	memcpy(inbox, word.p, word.len);
	inbox[word.len] = '\0';
	return lines_word(s, &word) && take_number(word, number);
}

/* ---- lines */

static enum err
read_inventory(struct needs_read *r, struct lines_piece s)
{
	struct lines_piece word;

	if (lines_is(s, "none"))
		return ERR_OK;
	if (!lines_word(&s, &word) || !take_number(word, &r->head.inventory) ||
	    date_parse(s.p, s.len, &r->head.inventory_made) != ERR_OK)
		return refuse(r, ERR_FORMAT, "expected a serial and a day, or \"none\"");
	return ERR_OK;
}

static enum err
read_counts(struct needs_read *r, struct lines_piece s)
{
	struct lines_piece word;
	uint64_t epochs, items;

	if (!lines_word(&s, &word) ||
	    text_number(word.p, word.len, LIMIT_NEEDS_EPOCHS, &epochs) != ERR_OK ||
	    text_number(s.p, s.len, LIMIT_VAULT_ITEMS, &items) != ERR_OK)
		return refuse(r, ERR_FORMAT, "expected two numbers, of epochs and of items");
	r->head.n_epochs = (uint32_t)epochs;
	r->head.n_items = (uint32_t)items;
	return r->events.head(r->events.ctx, &r->head);
}

static enum err
read_epoch(struct needs_read *r, struct lines_piece s)
{
	struct needs_epoch e = {0};

	if (!take_place(&s, e.inbox, &e.number) || date_parse(s.p, s.len, &e.end) != ERR_OK)
		return refuse(r, ERR_FORMAT, "expected an inbox, an epoch and its last day");
	if (r->n_epochs > 0 &&
	    needs_compare(r->epoch.inbox, r->epoch.number, e.inbox, e.number) >= 0)
		return refuse(r, ERR_FORMAT, "the epochs aren't in order, or one is doubled");
	r->epoch = e;
	r->n_epochs++;
	return r->events.epoch(r->events.ctx, &e);
}

static enum err
read_item(struct needs_read *r, struct lines_piece s)
{
	struct needs_item i = {.why = NEEDS_WHYS};
	struct lines_piece word;
	unsigned why;
	int c;

	if (!take_place(&s, i.inbox, &i.epoch) || !lines_word(&s, &word) || !take_id(word, i.id))
		return refuse(r, ERR_FORMAT, "expected an inbox, an epoch and an id");
	for (why = 0; why < NEEDS_WHYS; why++)
		if (lines_is(s, whys[why]))
			i.why = (enum needs_why)why;
	if (i.why == NEEDS_WHYS)
		return refuse(r, ERR_FORMAT, "an unknown reason");
	c = needs_compare(r->item.inbox, r->item.epoch, i.inbox, i.epoch);
	if (r->n_items > 0 && (c > 0 || (c == 0 && strcmp(r->item.id, i.id) >= 0)))
		return refuse(r, ERR_FORMAT, "the items aren't in order, or one is doubled");
	r->item = i;
	r->n_items++;
	return r->events.item(r->events.ctx, &i);
}

/* All epochs stand before all items: each is taken only while its kind is due. */
static enum err
read_list(struct needs_read *r, struct lines_piece s)
{
	if (r->n_epochs < r->head.n_epochs && lines_take(&s, "epoch: "))
		return read_epoch(r, s);
	if (r->n_epochs == r->head.n_epochs && r->n_items < r->head.n_items &&
	    lines_take(&s, "item: "))
		return read_item(r, s);
	if (r->n_epochs != r->head.n_epochs || r->n_items != r->head.n_items || !lines_is(s, "end"))
		return refuse(r, ERR_FORMAT,
		    "an unknown line, a line in the wrong place, or more or fewer than were "
		    "counted");
	r->stage = OVER;
	return ERR_OK;
}

static enum err
read_value(struct needs_read *r, struct lines_piece s)
{
	struct needs_head *h = &r->head;

	switch ((enum stage)r->stage) {
	case FORMAT: return lines_is(s, "1") ? ERR_OK : refuse(r, ERR_FORMAT, "of another version");
	case INSTANCE:
		if (!schedule_is_instance(s.p, s.len))
			return refuse(
			    r, ERR_FORMAT, "the instance isn't a version 3 onion address");
		memcpy(h->instance, s.p, s.len);
		return ERR_OK;
	case VAULT:
		return take_id(s, h->vault) ? ERR_OK : refuse(r, ERR_FORMAT, "not 32 hex digits");
	case MADE:
		return date_parse(s.p, s.len, &h->made) == ERR_OK
			   ? ERR_OK
			   : refuse(r, ERR_FORMAT, "not a real day (YYYY-MM-DD)");
	case INVENTORY: return read_inventory(r, s);
	case COUNT: return read_counts(r, s);
	case LISTS:
	case OVER: break;
	}
	return ERR_STATE;
}

static enum err
read_line(struct needs_read *r)
{
	static const char *const keywords[] = {[FORMAT] = "sealslot-needs ",
	    [INSTANCE] = "instance: ",
	    [VAULT] = "vault: ",
	    [MADE] = "made: ",
	    [INVENTORY] = "inventory: ",
	    [COUNT] = "count: "};
	struct lines_piece s = {r->line, r->len};
	enum err e;

	if (memchr(s.p, '\r', s.len) != NULL || memchr(s.p, '\0', s.len) != NULL)
		return refuse(r, ERR_FORMAT, "a carriage return or NUL byte");
	if (r->stage == OVER)
		return refuse(r, ERR_FORMAT, "something follows the end");
	if (r->stage == LISTS)
		return read_list(r, s);
	if (!lines_take(&s, keywords[r->stage]))
		return refuse(r, ERR_FORMAT, "an unknown line, or a line in the wrong place");
	if ((e = read_value(r, s)) == ERR_OK)
		r->stage++;
	return e;
}

static enum err
put_byte(struct needs_read *r, char c)
{
	enum err e = ERR_OK;

	if (r->stage == OVER)
		return refuse(r, ERR_FORMAT, "something follows the end");
	if (c == '\n') {
		if ((e = read_line(r)) == ERR_OK) {
			r->len = 0;
			r->number++;
		}
		return e;
	}
	if (r->len == sizeof r->line)
		return refuse(r, ERR_LIMIT, "the line is too long");
	r->line[r->len++] = c;
	return ERR_OK;
}

enum err
needs_put(struct needs_read *r, const void *p, size_t n)
{
	const char *s = p;
	size_t i;

	for (i = 0; i < n && r->failed == ERR_OK; i++)
		r->failed = put_byte(r, s[i]);
	return r->failed;
}

enum err
needs_finish(struct needs_read *r)
{
	if (r->failed == ERR_OK && r->stage != OVER) {
		r->why = "the text ends too early";
		r->failed = ERR_TRUNCATED;
	}
	return r->failed;
}

/* ---- writing */

enum err
needs_format_head(const struct needs_head *h, struct buf *out)
{
	char made[DATE_DAY_LEN + 1], inventory[DATE_DAY_LEN + 1];
	enum err e;

	date_format(made, h->made);
	if ((e = buf_addf(out, "sealslot-needs 1\ninstance: %s\nvault: %s\nmade: %s\n", h->instance,
		 h->vault, made)) != ERR_OK)
		return e;
	if (h->inventory == 0) {
		e = buf_add_str(out, "inventory: none\n");
	} else {
		date_format(inventory, h->inventory_made);
		e = buf_addf(out, "inventory: %u %s\n", h->inventory, inventory);
	}
	return e == ERR_OK ? buf_addf(out, "count: %u %u\n", h->n_epochs, h->n_items) : e;
}

enum err
needs_format_epoch(const struct needs_epoch *e, struct buf *out)
{
	char end[DATE_DAY_LEN + 1];

	date_format(end, e->end);
	return buf_addf(out, "epoch: %s %u %s\n", e->inbox, e->number, end);
}

enum err
needs_format_item(const struct needs_item *i, struct buf *out)
{
	return buf_addf(out, "item: %s %u %s %s\n", i->inbox, i->epoch, i->id, whys[i->why]);
}

enum err
needs_format_end(struct buf *out)
{
	return buf_add_str(out, "end\n");
}

enum err
needs_comment(const struct needs_head *h, char *out, size_t size)
{
	char made[DATE_DAY_LEN + 1], text[MINISIGN_COMMENT_MAX + 1];
	int n;

	date_format(made, h->made);
	n = snprintf(text, sizeof text, "sealslot-needs made:%s instance:%s", made, h->instance);
	if (n < 0 || (size_t)n >= size)
		return ERR_LIMIT;
	memcpy(out, text, (size_t)n + 1);
	return ERR_OK;
}
