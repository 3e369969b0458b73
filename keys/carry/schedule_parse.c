#include "schedule.h"

#include <string.h>

#include "base/text.h"
#include "lines.h"
#include "schedule_doubles.h"
#include "seal/bech32.h"

/* Reading keys.txt (keys/FORMATS.md section 4): one pass over the lines, then what needs them all
 * (schedule_doubles.h). */

struct parse {
	struct lines lines;
	struct lines_piece line; /* the current line */
	struct schedule *s;
	struct schedule_fault fault;
};

static enum err
refuse_at(struct parse *p, size_t line, enum err e, const char *why)
{
	p->fault = (struct schedule_fault){line, why};
	return e;
}

static enum err
refuse(struct parse *p, const char *why)
{
	return refuse_at(p, p->lines.number, ERR_FORMAT, why);
}

static enum err
refuse_limit(struct parse *p, const char *why)
{
	return refuse_at(p, p->lines.number, ERR_LIMIT, why);
}

static enum err
advance(struct parse *p)
{
	const char *why = NULL;
	enum err e;

	if ((e = lines_next(&p->lines, LIMIT_SCHEDULE_LINE, &p->line, &why)) == ERR_OK)
		return ERR_OK;
	return e == ERR_LIMIT ? refuse_limit(p, why) : refuse(p, why);
}

/* ---- the head */

static enum err
parse_instance(struct parse *p)
{
	if (!lines_take(&p->line, "instance: "))
		return refuse(p, "expected the line \"instance: <address>.onion\"");
	if (!schedule_is_instance(p->line.p, p->line.len))
		return refuse(p, "the instance isn't a version 3 onion address");
	memcpy(p->s->instance, p->line.p, p->line.len);
	return ERR_OK;
}

static enum err
parse_serial(struct parse *p)
{
	uint64_t v;

	if (!lines_take(&p->line, "serial: "))
		return refuse(p, "expected the line \"serial: <number>\"");
	if (text_number(p->line.p, p->line.len, UINT32_MAX, &v) != ERR_OK || v == 0)
		return refuse(p, "the serial isn't a number from 1 on");
	p->s->serial = (uint32_t)v;
	return ERR_OK;
}

static enum err
parse_issued(struct parse *p)
{
	if (!lines_take(&p->line, "issued: "))
		return refuse(p, "expected the line \"issued: <date>\"");
	if (date_parse(p->line.p, p->line.len, &p->s->issued) != ERR_OK)
		return refuse(p, "the date of issue isn't a real day (YYYY-MM-DD)");
	return ERR_OK;
}

static enum err
parse_previous(struct parse *p)
{
	static const uint8_t zero[HASH_LEN];

	if (!lines_take(&p->line, "previous: "))
		return refuse(p, "expected the line \"previous: <hash>\"");
	if (text_unhex(p->s->previous, HASH_LEN, p->line.p, p->line.len) != ERR_OK)
		return refuse(p, "the previous schedule's hash isn't 64 hex digits");
	if (p->s->serial == 1 && memcmp(p->s->previous, zero, HASH_LEN) != 0)
		return refuse(p, "the first schedule can't have a previous one");
	return ERR_OK;
}

static enum err
parse_head(struct parse *p)
{
	enum err e;

	if ((e = advance(p)) != ERR_OK)
		return e;
	if (!lines_is(p->line, "sealslot-keys 1"))
		return refuse(p, "this isn't a schedule (it begins with \"sealslot-keys 1\")");
	if ((e = advance(p)) != ERR_OK || (e = parse_instance(p)) != ERR_OK ||
	    (e = advance(p)) != ERR_OK || (e = parse_serial(p)) != ERR_OK ||
	    (e = advance(p)) != ERR_OK || (e = parse_issued(p)) != ERR_OK ||
	    (e = advance(p)) != ERR_OK || (e = parse_previous(p)) != ERR_OK)
		return e;
	return advance(p);
}

/* ---- one parser for each kind of line; its keyword is already taken off */

static enum err
parse_inbox(struct parse *p)
{
	struct schedule *s = p->s;
	struct schedule_inbox *in;
	struct lines_piece name;
	size_t i;

	if (s->n_inboxes == LIMIT_INBOXES)
		return refuse_limit(p, "too many inboxes");
	in = &s->inboxes[s->n_inboxes];
	if (!lines_word(&p->line, &name) || !schedule_is_inbox_name(name.p, name.len))
		return refuse(p, "an inbox name is 1 to 24 of a-z, 0-9 and -, then its title");
	if (lines_is(name, SCHEDULE_UNKNOWN))
		return refuse(p, "no inbox may have the name \"" SCHEDULE_UNKNOWN "\"");
	if (!schedule_is_title(p->line.p, p->line.len))
		return refuse(p, "the title is empty, too long, or has invisible characters");
	for (i = 0; i < s->n_inboxes; i++)
		if (lines_is(name, s->inboxes[i].name))
			return refuse(p, "two inboxes have the same name");
	memcpy(in->name, name.p, name.len);
	memcpy(in->title, p->line.p, p->line.len);
	s->n_inboxes++;
	return ERR_OK;
}

static enum err
take_inbox(struct parse *p, uint32_t *inbox)
{
	struct lines_piece word;
	uint32_t i;

	if (!lines_word(&p->line, &word))
		return refuse(p, "the line has too few fields");
	for (i = 0; i < p->s->n_inboxes; i++)
		if (lines_is(word, p->s->inboxes[i].name)) {
			*inbox = i;
			return ERR_OK;
		}
	return refuse(p, "there is no \"inbox:\" line with this name");
}

static enum err
take_number(struct parse *p, uint32_t *number)
{
	struct lines_piece word;
	uint64_t v;

	if (!lines_word(&p->line, &word))
		return refuse(p, "the line has too few fields");
	if (text_number(word.p, word.len, UINT32_MAX, &v) != ERR_OK || v == 0)
		return refuse(p, "the epoch isn't a number from 1 on");
	*number = (uint32_t)v;
	return ERR_OK;
}

static enum err
take_day(struct parse *p, int32_t *day)
{
	struct lines_piece word;

	if (!lines_word(&p->line, &word))
		return refuse(p, "the line has too few fields");
	if (date_parse(word.p, word.len, day) != ERR_OK)
		return refuse(p, "the epoch's date isn't a real day (YYYY-MM-DD)");
	return ERR_OK;
}

static enum err
take_recipient(struct parse *p, uint8_t pk[static AGE_KEY])
{
	const char *s = p->line.p;
	size_t len = p->line.len;

	/* Lower case only, so that there is one way to write a schedule. */
	if (len == 0 || s[0] != 'a' || bech32_parse_recipient(pk, s, len) != ERR_OK)
		return refuse(p, "the recipient isn't an age public key (age1...)");
	return ERR_OK;
}

/* What may stand behind the epoch line before: the next recipient, epoch or inbox. */
static enum err
check_follows(struct parse *p, const struct schedule_epoch *e)
{
	const struct schedule *s = p->s;
	const struct schedule_epoch *last = s->n_epochs == 0 ? NULL : &s->epochs[s->n_epochs - 1];
	size_t same;

	if (last == NULL || e->inbox != last->inbox) {
		if (e->inbox == (last == NULL ? 0 : last->inbox + 1))
			return ERR_OK;
		return refuse(p, "epochs must stand in the order of the inboxes, each with some");
	}
	if (e->number == last->number) {
		if (e->start != last->start || e->end != last->end)
			return refuse(p, "the same epoch has other dates in the line before");
		for (same = 1; same < s->n_epochs; same++)
			if (s->epochs[s->n_epochs - 1 - same].inbox != e->inbox ||
			    s->epochs[s->n_epochs - 1 - same].number != e->number)
				break;
		if (same == LIMIT_AGE_RECIPIENTS)
			return refuse_limit(p, "the epoch has more than 4 recipients");
		return ERR_OK;
	}
	if (e->number < last->number || e->number - last->number != 1)
		return refuse(p, "the epoch's number doesn't follow the one before");
	if (e->start > last->end)
		return refuse(p, "a gap: the epoch before ends earlier than this one starts");
	if (e->start < last->end)
		return refuse(p, "an overlap: the epoch before ends later than this one starts");
	return ERR_OK;
}

static enum err
parse_epoch(struct parse *p)
{
	struct schedule_epoch ep = {0};
	enum err e;

	if ((e = take_inbox(p, &ep.inbox)) != ERR_OK ||
	    (e = take_number(p, &ep.number)) != ERR_OK || (e = take_day(p, &ep.start)) != ERR_OK ||
	    (e = take_day(p, &ep.end)) != ERR_OK || (e = take_recipient(p, ep.recipient)) != ERR_OK)
		return e;
	if (ep.end <= ep.start)
		return refuse(p, "the epoch ends before it starts");
	if (ep.end - ep.start > LIMIT_EPOCH_DAYS)
		return refuse_limit(p, "the epoch is longer than 366 days");
	if ((e = check_follows(p, &ep)) != ERR_OK)
		return e;
	if (p->s->n_epochs == LIMIT_EPOCHS)
		return refuse_limit(p, "too many epochs");
	p->s->epochs[p->s->n_epochs++] = ep;
	return ERR_OK;
}

static enum err
parse_revoked(struct parse *p)
{
	const struct schedule_revoked *last;
	struct schedule_revoked r = {0};
	struct schedule *s = p->s;
	enum err e;

	if ((e = take_inbox(p, &r.inbox)) != ERR_OK || (e = take_number(p, &r.number)) != ERR_OK ||
	    (e = take_recipient(p, r.recipient)) != ERR_OK)
		return e;
	last = s->n_revoked == 0 ? NULL : &s->revoked[s->n_revoked - 1];
	if (last != NULL &&
	    (r.inbox < last->inbox || (r.inbox == last->inbox && r.number < last->number)))
		return refuse(p, "revoked epochs must stand in the order of inbox and number");
	if (s->n_revoked == LIMIT_REVOKED)
		return refuse_limit(p, "too many revoked epochs");
	s->revoked[s->n_revoked++] = r;
	return ERR_OK;
}

static enum err
parse_reply_key(struct parse *p)
{
	struct schedule *s = p->s;
	struct minisign_key k;
	size_t i;

	if (minisign_key_parse(&k, p->line.p, p->line.len) != ERR_OK || !minisign_key_is_ours(&k))
		return refuse(p, "the reply key isn't a key line that Sealslot wrote (RW...)");
	for (i = 0; i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, k.pk, MINISIGN_PK) == 0)
			return refuse(p, "the same reply key stands twice");
	if (s->n_reply_keys == LIMIT_REPLY_KEYS)
		return refuse_limit(p, "too many reply keys");
	s->reply_keys[s->n_reply_keys++] = k;
	return ERR_OK;
}

/* ---- all lines */

/* All lines with this keyword, then the next one is current. */
static enum err
parse_lines(struct parse *p, const char *keyword, enum err (*parse)(struct parse *))
{
	enum err e;

	while (lines_take(&p->line, keyword))
		if ((e = parse(p)) != ERR_OK || (e = advance(p)) != ERR_OK)
			return e;
	return ERR_OK;
}

static enum err
parse_body(struct parse *p)
{
	enum err e;

	if ((e = parse_lines(p, "inbox: ", parse_inbox)) != ERR_OK)
		return e;
	if (p->s->n_inboxes == 0)
		return refuse(p, "expected a line \"inbox: <name> <title>\"");
	if ((e = parse_lines(p, "epoch: ", parse_epoch)) != ERR_OK)
		return e;
	if (p->s->n_epochs == 0 || p->s->epochs[p->s->n_epochs - 1].inbox != p->s->n_inboxes - 1)
		return refuse(p, "expected \"epoch:\" lines for each inbox, in the inboxes' order");
	if ((e = parse_lines(p, "revoked: ", parse_revoked)) != ERR_OK ||
	    (e = parse_lines(p, "replykey: ", parse_reply_key)) != ERR_OK)
		return e;
	if (!lines_is(p->line, "end"))
		return refuse(p, "an unknown line, or a line in the wrong place");
	if (p->lines.left != 0)
		return refuse_at(p, p->lines.number + 1, ERR_FORMAT, "something follows the end");
	return schedule_doubles_check(p->s, &p->fault);
}

enum err
schedule_parse(const void *text, size_t n, struct schedule **out, struct schedule_fault *fault)
{
	struct parse p = {0};
	enum err e;

	lines_init(&p.lines, text, n);
	if (n > LIMIT_SCHEDULE) {
		e = refuse_at(&p, 0, ERR_LIMIT, "the schedule is larger than 1 MiB");
		goto done;
	}
	if ((p.s = schedule_new()) == NULL) {
		e = refuse_at(&p, 0, ERR_NOMEM, "not enough memory");
		goto done;
	}
	if ((e = parse_head(&p)) != ERR_OK || (e = parse_body(&p)) != ERR_OK)
		goto done;
	*out = p.s;
	p.s = NULL;
done:
	if (e != ERR_OK)
		*fault = p.fault;
	schedule_free(p.s);
	return e;
}
