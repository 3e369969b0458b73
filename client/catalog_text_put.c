#include "catalog_text.h"

#include "base/text.h"
#include "catalog_topics.h"

static const char *
or_dash(const char *s)
{
	return s[0] == '\0' ? "-" : s;
}

enum err
catalog_text_put_item(struct buf *out, const struct catalog_item *i)
{
	char hex[HASH_HEX_LEN + 1], on[DATE_DAY_LEN + 1];
	enum err e;

	text_hex(hex, i->hash, HASH_LEN);
	date_format(on, i->day);
	if ((e = buf_addf(out, "item: %s %u %u %s %s %u %llu %s ", i->id, (unsigned)i->state,
		 i->flags & ~CATALOG_OLD_SCHEDULE, on, i->inbox, i->epoch,
		 (unsigned long long)i->size, hex)) != ERR_OK ||
	    (e = buf_addf(out, "%s %u %u %llu %u %s %s ", or_dash(i->received), i->schedule,
		 i->files, (unsigned long long)i->bytes, i->message, or_dash(i->mailbox),
		 or_dash(i->reply_to))) != ERR_OK ||
	    (e = catalog_topics_put(out, i)) != ERR_OK)
		return e;
	return buf_add_str(out, "\n");
}

enum err
catalog_text_put_bundle(struct buf *out, const struct catalog_bundle *b)
{
	char made[DATE_DAY_LEN + 1], imported[DATE_DAY_LEN + 1];
	char hex[HASH_HEX_LEN + 1], previous[HASH_HEX_LEN + 1];

	text_hex(hex, b->hash, HASH_LEN);
	text_hex(previous, b->previous, HASH_LEN);
	date_format(made, b->made);
	date_format(imported, b->imported);
	return buf_addf(out, "bundle: %u %u %u %s %s %u %u %d %s %s\n", b->serial, b->volume,
	    b->volumes, made, imported, b->items, b->schedule, b->is_whole ? 1 : 0, hex, previous);
}

enum err
catalog_text_put_schedule(struct buf *out, const struct catalog_schedule *s)
{
	char hex[HASH_HEX_LEN + 1];

	text_hex(hex, s->hash, HASH_LEN);
	return buf_addf(out, "schedule: %u %s\n", s->serial, hex);
}

enum err
catalog_text_put_alarm(struct buf *out, const struct catalog_alarm *a)
{
	char on[DATE_DAY_LEN + 1], seen[DATE_DAY_LEN + 1] = "-";

	date_format(on, a->day);
	if (a->seen != 0)
		date_format(seen, a->seen);
	return buf_addf(out, "alarm: %u %u %s %s %llu %llu %s\n", a->number, (unsigned)a->kind, on,
	    seen, (unsigned long long)a->a, (unsigned long long)a->b, or_dash(a->id));
}

enum err
catalog_text_put_review(struct buf *out, const struct catalog_item *i)
{
	char on[DATE_DAY_LEN + 1] = "-", hex[2 * SHA256_LEN + 1] = "-";

	if (i->reviewed != 0)
		date_format(on, i->reviewed);
	if (i->is_kept)
		text_hex(hex, i->original, SHA256_LEN);
	return buf_addf(out, "review: %s %s %u %s\n", i->id, on, i->gone, hex);
}

enum err
catalog_text_put_inventory(struct buf *out, uint32_t serial, int32_t made)
{
	char on[DATE_DAY_LEN + 1];

	date_format(on, made);
	return buf_addf(out, "inventory: %u %s\n", serial, on);
}

enum err
catalog_text_put_reply(struct buf *out, const struct post_reply *r)
{
	char on[DATE_DAY_LEN + 1], hex[HASH_HEX_LEN + 1];

	date_format(on, r->day);
	text_hex(hex, r->hash, HASH_LEN);
	return buf_addf(out, "reply: %s %s %s %s %llu %s %u\n", r->id, r->to, r->mailbox, on,
	    (unsigned long long)r->size, hex, r->serial);
}

enum err
catalog_text_put_answers(struct buf *out, const struct post_bundle *b)
{
	char made[DATE_DAY_LEN + 1];

	date_format(made, b->made);
	return buf_addf(out, "answers: %u %s %u %u %d\n", b->serial, made, b->replies, b->receipts,
	    b->is_written ? 1 : 0);
}

enum err
catalog_text_put_backup(struct buf *out, const struct post_backup *b)
{
	char on[DATE_DAY_LEN + 1];

	date_format(on, b->day);
	return buf_addf(out, "backup: %u %s %s %u\n", b->number, on, b->id, b->items);
}

enum err
catalog_text_put_held(struct buf *out, const struct post_held *h)
{
	return buf_addf(out, "held: %s %u %u\n", h->id, h->backup, h->serial);
}
