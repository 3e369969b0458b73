#include "answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "carry/lines.h"

#define REPLY_LINE_MIN   171 /* bytes of the shortest line, with its line feed */
#define RECEIPT_LINE_MIN 110

struct parse {
	struct lines lines;
	struct lines_piece line; /* the current line */
	struct answers *a;
	struct answers_fault fault;
};

static enum err
refuse(struct parse *p, enum err e, const char *why)
{
	p->fault = (struct answers_fault){p->lines.number, why};
	return e;
}

/* The next line, which must begin with this keyword. */
static enum err
advance(struct parse *p, const char *keyword)
{
	const char *why = NULL;
	enum err e;

	if ((e = lines_next(&p->lines, LIMIT_BUNDLE_LINE, &p->line, &why)) != ERR_OK)
		return refuse(p, e == ERR_LIMIT ? ERR_LIMIT : ERR_FORMAT, why);
	if (!lines_take(&p->line, keyword))
		return refuse(p, ERR_FORMAT, "an unknown line, or a line in the wrong place");
	return ERR_OK;
}

static enum err
parse_counts(struct parse *p, size_t *replies, size_t *receipts)
{
	struct lines_piece word;
	uint64_t a, b;
	enum err e;

	if ((e = advance(p, "count: ")) != ERR_OK)
		return e;
	if (!lines_word(&p->line, &word) ||
	    text_number(word.p, word.len, LIMIT_BUNDLE_ITEMS, &a) != ERR_OK ||
	    text_number(p->line.p, p->line.len, LIMIT_BUNDLE_ITEMS, &b) != ERR_OK)
		return refuse(p, ERR_FORMAT, "expected \"count: \" and two numbers");
	/* What the text can't hold isn't worth the memory. */
	if (a > p->lines.left / REPLY_LINE_MIN || b > p->lines.left / RECEIPT_LINE_MIN)
		return refuse(p, ERR_FORMAT, "the index counts more than it lists");
	*replies = (size_t)a;
	*receipts = (size_t)b;
	return ERR_OK;
}

static enum err
parse_head(struct parse *p)
{
	struct answers *a = p->a;
	uint64_t v;
	enum err e;

	if ((e = advance(p, "sealslot-answers ")) != ERR_OK)
		return e;
	if (!lines_is(p->line, "1"))
		return refuse(p, ERR_FORMAT, "answers of another version");
	if ((e = advance(p, "instance: ")) != ERR_OK)
		return e;
	if (!schedule_is_instance(p->line.p, p->line.len))
		return refuse(p, ERR_FORMAT, "the instance isn't a version 3 onion address");
	memcpy(a->instance, p->line.p, p->line.len);
	if ((e = advance(p, "serial: ")) != ERR_OK)
		return e;
	if (text_number(p->line.p, p->line.len, UINT32_MAX, &v) != ERR_OK || v == 0)
		return refuse(p, ERR_FORMAT, "the serial isn't a number from 1 on");
	a->serial = (uint32_t)v;
	if ((e = advance(p, "made: ")) != ERR_OK)
		return e;
	if (date_parse(p->line.p, p->line.len, &a->made) != ERR_OK)
		return refuse(p, ERR_FORMAT, "not a real day (YYYY-MM-DD)");
	return ERR_OK;
}

static const char *
take_id(struct lines_piece *line, char id[static RANDOM_ID_LEN + 1])
{
	uint8_t raw[RANDOM_ID_LEN / 2];
	struct lines_piece word;

	if (!lines_word(line, &word) || text_unhex(raw, sizeof raw, word.p, word.len) != ERR_OK)
		return "the id isn't 32 hex digits";
	memcpy(id, word.p, word.len);
	id[word.len] = '\0';
	return NULL;
}

static const char *
take_size_and_hash(
    struct lines_piece *line, uint64_t max, uint64_t *size, uint8_t hash[static HASH_LEN])
{
	struct lines_piece word;

	if (!lines_word(line, &word) || text_number(word.p, word.len, max, size) != ERR_OK)
		return "the size isn't a number, or too large";
	if (text_unhex(hash, HASH_LEN, line->p, line->len) != ERR_OK)
		return "the hash isn't 64 hex digits";
	return NULL;
}

static enum err
parse_reply(struct parse *p, struct answers_reply *r, const struct answers_reply *before)
{
	struct lines_piece word;
	const char *why;
	enum err e;

	if ((e = advance(p, "reply: ")) != ERR_OK)
		return e;
	if (!lines_word(&p->line, &word) ||
	    text_unhex(r->mailbox, HASH_LEN, word.p, word.len) != ERR_OK)
		return refuse(p, ERR_FORMAT, "the mailbox isn't 64 hex digits");
	if ((why = take_id(&p->line, r->id)) != NULL ||
	    (why = take_size_and_hash(&p->line, LIMIT_REPLY, &r->size, r->hash)) != NULL)
		return refuse(p, ERR_FORMAT, why);
	if (before != NULL && strcmp(before->id, r->id) >= 0)
		return refuse(p, ERR_FORMAT, "the replies aren't in order, or one is doubled");
	return ERR_OK;
}

static enum err
parse_receipt(struct parse *p, struct answers_receipt *r, const struct answers_receipt *before)
{
	const char *why;
	enum err e;

	if ((e = advance(p, "received: ")) != ERR_OK)
		return e;
	if ((why = take_id(&p->line, r->id)) != NULL ||
	    (why = take_size_and_hash(&p->line, LIMIT_BUNDLE_ITEM_SIZE, &r->size, r->hash)) != NULL)
		return refuse(p, ERR_FORMAT, why);
	if (before != NULL && strcmp(before->id, r->id) >= 0)
		return refuse(p, ERR_FORMAT, "the receipts aren't in order, or one is doubled");
	return ERR_OK;
}

static enum err
parse_lists(struct parse *p, size_t replies, size_t receipts)
{
	struct answers *a = p->a;
	enum err e;

	a->replies = calloc(replies + 1, sizeof *a->replies);
	a->receipts = calloc(receipts + 1, sizeof *a->receipts);
	if (a->replies == NULL || a->receipts == NULL)
		return refuse(p, ERR_NOMEM, "not enough memory");
	for (; a->n_replies < replies; a->n_replies++) {
		struct answers_reply *r = &a->replies[a->n_replies];

		if ((e = parse_reply(p, r, a->n_replies > 0 ? r - 1 : NULL)) != ERR_OK)
			return e;
	}
	for (; a->n_receipts < receipts; a->n_receipts++) {
		struct answers_receipt *r = &a->receipts[a->n_receipts];

		if ((e = parse_receipt(p, r, a->n_receipts > 0 ? r - 1 : NULL)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
parse_all(struct parse *p)
{
	size_t replies, receipts;
	enum err e;

	if ((e = parse_head(p)) != ERR_OK || (e = parse_counts(p, &replies, &receipts)) != ERR_OK ||
	    (e = parse_lists(p, replies, receipts)) != ERR_OK || (e = advance(p, "end")) != ERR_OK)
		return e;
	if (p->line.len != 0 || p->lines.left != 0)
		return refuse(p, ERR_FORMAT, "something follows the end");
	return ERR_OK;
}

enum err
answers_parse(const void *text, size_t n, struct answers **out, struct answers_fault *fault)
{
	struct parse p = {0};
	enum err e;

	lines_init(&p.lines, text, n);
	if (n > LIMIT_BUNDLE_INDEX)
		e = refuse(&p, ERR_LIMIT, "the index is larger than 64 MiB");
	else if ((p.a = calloc(1, sizeof *p.a)) == NULL)
		e = refuse(&p, ERR_NOMEM, "not enough memory");
	else
		e = parse_all(&p);
	if (e == ERR_OK) {
		*out = p.a;
		return ERR_OK;
	}
	*fault = p.fault;
	answers_free(p.a);
	return e;
}

void
answers_free(struct answers *a)
{
	if (a == NULL)
		return;
	free(a->replies);
	free(a->receipts);
	free(a);
}

/* ---- writing */

static enum err
format_reply(const struct answers_reply *r, struct buf *out)
{
	char mailbox[HASH_HEX_LEN + 1], hash[HASH_HEX_LEN + 1];

	text_hex(mailbox, r->mailbox, HASH_LEN);
	text_hex(hash, r->hash, HASH_LEN);
	return buf_addf(
	    out, "reply: %s %s %llu %s\n", mailbox, r->id, (unsigned long long)r->size, hash);
}

static enum err
format_receipt(const struct answers_receipt *r, struct buf *out)
{
	char hash[HASH_HEX_LEN + 1];

	text_hex(hash, r->hash, HASH_LEN);
	return buf_addf(out, "received: %s %llu %s\n", r->id, (unsigned long long)r->size, hash);
}

enum err
answers_format(const struct answers *a, struct buf *out)
{
	char made[DATE_DAY_LEN + 1];
	size_t i, before = out->len;
	enum err e;

	date_format(made, a->made);
	e = buf_addf(out,
	    "sealslot-answers 1\ninstance: %s\nserial: %u\nmade: %s\ncount: %zu %zu\n", a->instance,
	    a->serial, made, a->n_replies, a->n_receipts);
	for (i = 0; i < a->n_replies && e == ERR_OK; i++)
		e = format_reply(&a->replies[i], out);
	for (i = 0; i < a->n_receipts && e == ERR_OK; i++)
		e = format_receipt(&a->receipts[i], out);
	if (e == ERR_OK)
		e = buf_add_str(out, "end\n");
	if (e != ERR_OK)
		out->len = before;
	return e;
}

enum err
answers_comment(const struct answers *a, char *out, size_t size)
{
	char text[MINISIGN_COMMENT_MAX + 1];
	int n;

	n = snprintf(
	    text, sizeof text, "sealslot-answers serial:%u instance:%s", a->serial, a->instance);
	if (n < 0 || (size_t)n >= size)
		return ERR_LIMIT;
	memcpy(out, text, (size_t)n + 1);
	return ERR_OK;
}
