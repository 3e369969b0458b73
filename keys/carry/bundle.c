#include "bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lines.h"

#define INVENTORY     "inventory: complete"
#define ITEM_LINE_MIN 121 /* bytes of the shortest item line, with its line feed */

struct parse {
	struct lines lines;
	struct lines_piece line; /* the current line */
	struct bundle_index *b;
	struct bundle_fault fault;
};

static enum err
refuse(struct parse *p, enum err e, const char *why)
{
	p->fault = (struct bundle_fault){p->lines.number, why};
	return e;
}

/* The next line. */
static enum err
step(struct parse *p)
{
	const char *why = NULL;
	enum err e;

	if ((e = lines_next(&p->lines, LIMIT_BUNDLE_LINE, &p->line, &why)) != ERR_OK)
		return refuse(p, e == ERR_LIMIT ? ERR_LIMIT : ERR_FORMAT, why);
	return ERR_OK;
}

/* The current line must begin with this keyword. */
static enum err
expect(struct parse *p, const char *keyword)
{
	if (!lines_take(&p->line, keyword))
		return refuse(p, ERR_FORMAT, "an unknown line, or a line in the wrong place");
	return ERR_OK;
}

/* The next line, which must begin with this keyword. */
static enum err
advance(struct parse *p, const char *keyword)
{
	enum err e;

	return (e = step(p)) == ERR_OK ? expect(p, keyword) : e;
}

static enum err
parse_number(struct parse *p, struct lines_piece s, uint64_t max, uint64_t *out)
{
	if (text_number(s.p, s.len, max, out) != ERR_OK)
		return refuse(p, ERR_FORMAT, "not a number, or too large");
	return ERR_OK;
}

/* ---- the head */

static enum err
parse_serial(struct parse *p)
{
	static const uint8_t zero[HASH_LEN];
	struct bundle_head *h = &p->b->head;
	uint64_t v;
	enum err e;

	if ((e = advance(p, "serial: ")) != ERR_OK ||
	    (e = parse_number(p, p->line, UINT32_MAX, &v)) != ERR_OK)
		return e;
	if (v == 0)
		return refuse(p, ERR_FORMAT, "serials begin with 1");
	h->serial = (uint32_t)v;
	if ((e = advance(p, "previous: ")) != ERR_OK)
		return e;
	if (text_unhex(h->previous, HASH_LEN, p->line.p, p->line.len) != ERR_OK)
		return refuse(p, ERR_FORMAT, "the previous index's hash isn't 64 hex digits");
	if (v == 1 && memcmp(h->previous, zero, HASH_LEN) != 0)
		return refuse(p, ERR_FORMAT, "the first bundle can't have a previous one");
	return ERR_OK;
}

static enum err
parse_volume(struct parse *p)
{
	struct bundle_head *h = &p->b->head;
	struct lines_piece word;
	uint64_t volume, volumes;
	enum err e;

	if ((e = advance(p, "volume: ")) != ERR_OK)
		return e;
	if (!lines_word(&p->line, &word) || !lines_take(&p->line, "of "))
		return refuse(p, ERR_FORMAT, "expected \"volume: 1 of 1\"");
	if ((e = parse_number(p, word, LIMIT_BUNDLE_VOLUMES, &volume)) != ERR_OK ||
	    (e = parse_number(p, p->line, LIMIT_BUNDLE_VOLUMES, &volumes)) != ERR_OK)
		return e;
	if (volume == 0 || volume > volumes)
		return refuse(p, ERR_FORMAT, "no such volume");
	h->volume = (uint32_t)volume;
	h->volumes = (uint32_t)volumes;
	return ERR_OK;
}

static enum err
parse_head(struct parse *p, size_t *count)
{
	struct bundle_head *h = &p->b->head;
	uint64_t v;
	enum err e;

	if ((e = advance(p, "sealslot-bundle ")) != ERR_OK)
		return e;
	if (!lines_is(p->line, "1"))
		return refuse(p, ERR_FORMAT, "a bundle of another version");
	if ((e = advance(p, "instance: ")) != ERR_OK)
		return e;
	if (!schedule_is_instance(p->line.p, p->line.len))
		return refuse(p, ERR_FORMAT, "the instance isn't a version 3 onion address");
	memcpy(h->instance, p->line.p, p->line.len);
	if ((e = parse_serial(p)) != ERR_OK || (e = advance(p, "made: ")) != ERR_OK)
		return e;
	if (date_parse(p->line.p, p->line.len, &h->made) != ERR_OK)
		return refuse(p, ERR_FORMAT, "not a real day (YYYY-MM-DD)");
	if ((e = parse_volume(p)) != ERR_OK || (e = step(p)) != ERR_OK)
		return e;
	h->is_inventory = lines_is(p->line, INVENTORY);
	if ((h->is_inventory && (e = step(p)) != ERR_OK) || (e = expect(p, "count: ")) != ERR_OK ||
	    (e = parse_number(p, p->line, LIMIT_BUNDLE_ITEMS, &v)) != ERR_OK)
		return e;
	*count = (size_t)v;
	return ERR_OK;
}

/* ---- the items */

static bool
is_id(struct lines_piece s)
{
	uint8_t raw[RANDOM_ID_LEN / 2];

	return text_unhex(raw, sizeof raw, s.p, s.len) == ERR_OK;
}

/* "<id> <day> <inbox> <epoch> <size> <hash>": false says which field is wrong. */
static const char *
parse_fields(struct lines_piece line, struct bundle_item *i)
{
	struct lines_piece word;
	uint64_t v;

	if (!lines_word(&line, &word) || !is_id(word))
		return "the id isn't 32 hex digits";
	memcpy(i->id, word.p, word.len);
	if (!lines_word(&line, &word) || date_parse(word.p, word.len, &i->day) != ERR_OK)
		return "the day isn't a real one (YYYY-MM-DD)";
	if (!lines_word(&line, &word) || !schedule_is_inbox_name(word.p, word.len))
		return "the inbox name is 1 to 24 of a-z, 0-9 and -";
	memcpy(i->inbox, word.p, word.len);
	if (!lines_word(&line, &word) || text_number(word.p, word.len, UINT32_MAX, &v) != ERR_OK ||
	    v == 0)
		return "the epoch isn't a number from 1 on";
	i->epoch = (uint32_t)v;
	if (!lines_word(&line, &word) ||
	    text_number(word.p, word.len, LIMIT_BUNDLE_ITEM_SIZE, &i->size) != ERR_OK)
		return "the size isn't a number, or too large";
	if (text_unhex(i->hash, HASH_LEN, line.p, line.len) != ERR_OK)
		return "the hash isn't 64 hex digits";
	return NULL;
}

static enum err
parse_items(struct parse *p, size_t count)
{
	struct bundle_index *b = p->b;
	struct bundle_item *item;
	const char *why;
	enum err e;

	/* What the text can't hold isn't worth the memory. */
	if (count > p->lines.left / ITEM_LINE_MIN)
		return refuse(p, ERR_FORMAT, "the index counts more items than it lists");
	if ((b->items = calloc(count + 1, sizeof *b->items)) == NULL)
		return refuse(p, ERR_NOMEM, "not enough memory");
	while (b->n_items < count) {
		item = &b->items[b->n_items];
		if ((e = advance(p, "item: ")) != ERR_OK)
			return e;
		if ((why = parse_fields(p->line, item)) != NULL)
			return refuse(p, ERR_FORMAT, why);
		if (b->n_items > 0 && strcmp(item[-1].id, item->id) >= 0)
			return refuse(
			    p, ERR_FORMAT, "the items aren't in order, or one is doubled");
		b->n_items++;
	}
	return ERR_OK;
}

static enum err
parse_all(struct parse *p)
{
	size_t count;
	enum err e;

	if ((e = parse_head(p, &count)) != ERR_OK || (e = parse_items(p, count)) != ERR_OK ||
	    (e = advance(p, "end")) != ERR_OK)
		return e;
	if (p->line.len != 0 || p->lines.left != 0)
		return refuse(p, ERR_FORMAT, "something follows the end");
	return ERR_OK;
}

enum err
bundle_index_parse(
    const void *text, size_t n, struct bundle_index **out, struct bundle_fault *fault)
{
	struct parse p = {0};
	enum err e;

	lines_init(&p.lines, text, n);
	if (n > LIMIT_BUNDLE_INDEX)
		e = refuse(&p, ERR_LIMIT, "the index is larger than 64 MiB");
	else if ((p.b = calloc(1, sizeof *p.b)) == NULL)
		e = refuse(&p, ERR_NOMEM, "not enough memory");
	else
		e = parse_all(&p);
	if (e == ERR_OK) {
		*out = p.b;
		return ERR_OK;
	}
	*fault = p.fault;
	bundle_index_free(p.b);
	return e;
}

void
bundle_index_free(struct bundle_index *b)
{
	if (b == NULL)
		return;
	free(b->items);
	free(b);
}

/* ---- writing */

enum err
bundle_head_format(const struct bundle_head *h, size_t n_items, struct buf *out)
{
	char made[DATE_DAY_LEN + 1], previous[HASH_HEX_LEN + 1];

	date_format(made, h->made);
	text_hex(previous, h->previous, HASH_LEN);
	return buf_addf(out,
	    "sealslot-bundle 1\ninstance: %s\nserial: %u\nprevious: %s\nmade: %s\n"
	    "volume: %u of %u\n%scount: %zu\n",
	    h->instance, h->serial, previous, made, h->volume, h->volumes,
	    h->is_inventory ? INVENTORY "\n" : "", n_items);
}

enum err
bundle_item_format(const struct bundle_item *i, struct buf *out)
{
	char day[DATE_DAY_LEN + 1], hash[HASH_HEX_LEN + 1];

	date_format(day, i->day);
	text_hex(hash, i->hash, HASH_LEN);
	return buf_addf(out, "item: %s %s %s %u %llu %s\n", i->id, day, i->inbox, i->epoch,
	    (unsigned long long)i->size, hash);
}

enum err
bundle_end_format(struct buf *out)
{
	return buf_add_str(out, "end\n");
}

enum err
bundle_index_format(const struct bundle_index *b, struct buf *out)
{
	size_t i, before = out->len;
	enum err e;

	e = bundle_head_format(&b->head, b->n_items, out);
	for (i = 0; i < b->n_items && e == ERR_OK; i++)
		e = bundle_item_format(&b->items[i], out);
	if (e == ERR_OK)
		e = bundle_end_format(out);
	if (e != ERR_OK)
		out->len = before;
	return e;
}

static int
compare_id(const void *id, const void *item)
{
	return strcmp(id, ((const struct bundle_item *)item)->id);
}

const struct bundle_item *
bundle_index_find(const struct bundle_index *b, const char *id)
{
	return bsearch(id, b->items, b->n_items, sizeof *b->items, compare_id);
}

enum err
bundle_comment(const struct bundle_head *h, char *out, size_t size)
{
	char text[BUNDLE_COMMENT_MAX + 1];
	int n;

	n = snprintf(
	    text, sizeof text, "sealslot-bundle serial:%u instance:%s", h->serial, h->instance);
	if (n < 0 || (size_t)n >= size)
		return ERR_LIMIT;
	memcpy(out, text, (size_t)n + 1);
	return ERR_OK;
}
