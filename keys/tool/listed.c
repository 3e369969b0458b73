#include "listed.h"

#include <string.h>

#include "base/limits.h"

size_t
listed_count_live(const struct schedule *s, int32_t today)
{
	size_t i, n = 0;

	for (i = 0; i < s->n_epochs; i++)
		n += s->epochs[i].end > today;
	return n;
}

enum err
listed_add_recipient(struct schedule *s, const struct schedule_epoch *e)
{
	size_t i, n = 0, last = 0;

	for (i = 0; i < s->n_epochs; i++) {
		if (s->epochs[i].inbox != e->inbox || s->epochs[i].number != e->number)
			continue;
		if (s->epochs[i].start != e->start || s->epochs[i].end != e->end)
			return ERR_USAGE;
		if (memcmp(s->epochs[i].recipient, e->recipient, AGE_KEY) == 0)
			return ERR_OK;
		last = i;
		n++;
	}
	if (n == 0)
		return ERR_NOTFOUND;
	if (n == LIMIT_AGE_RECIPIENTS || s->n_epochs == LIMIT_EPOCHS)
		return ERR_LIMIT;
	memmove(&s->epochs[last + 2], &s->epochs[last + 1],
	    (s->n_epochs - last - 1) * sizeof *s->epochs);
	s->epochs[last + 1] = *e;
	s->n_epochs++;
	return ERR_OK;
}

enum err
listed_add_revoked(struct schedule *s, const struct schedule_epoch *e)
{
	struct schedule_revoked r = {.inbox = e->inbox, .number = e->number};
	size_t at;

	for (at = 0; at < s->n_revoked; at++)
		if (memcmp(s->revoked[at].recipient, e->recipient, AGE_KEY) == 0)
			return ERR_OK;
	if (s->n_revoked == LIMIT_REVOKED)
		return ERR_LIMIT;
	for (at = s->n_revoked; at > 0; at--)
		if (s->revoked[at - 1].inbox < r.inbox ||
		    (s->revoked[at - 1].inbox == r.inbox && s->revoked[at - 1].number <= r.number))
			break;
	memcpy(r.recipient, e->recipient, AGE_KEY);
	memmove(&s->revoked[at + 1], &s->revoked[at], (s->n_revoked - at) * sizeof r);
	s->revoked[at] = r;
	s->n_revoked++;
	return ERR_OK;
}

struct schedule_epoch *
listed_find(const struct schedule *s, const struct schedule_epoch *e,
    const uint8_t recipient[static AGE_KEY])
{
	size_t i;

	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == e->inbox && s->epochs[i].number == e->number &&
		    memcmp(s->epochs[i].recipient, recipient, AGE_KEY) == 0)
			return &s->epochs[i];
	return NULL;
}

enum err
listed_replace_recipient(
    struct schedule *s, struct schedule_epoch *line, const uint8_t newer[static AGE_KEY])
{
	enum err e;

	if ((e = listed_add_revoked(s, line)) == ERR_OK)
		memcpy(line->recipient, newer, AGE_KEY);
	return e;
}

enum err
listed_add_reply_key(struct schedule *s, const struct minisign_key *k)
{
	size_t i;

	for (i = 0; i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, k->pk, MINISIGN_PK) == 0)
			return ERR_OK;
	if (s->n_reply_keys == LIMIT_REPLY_KEYS)
		return ERR_LIMIT;
	s->reply_keys[s->n_reply_keys++] = *k;
	return ERR_OK;
}

void
listed_drop_reply_key(struct schedule *s, const struct minisign_key *k)
{
	size_t i;

	for (i = 0; i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, k->pk, MINISIGN_PK) == 0) {
			s->n_reply_keys--;
			memmove(&s->reply_keys[i], &s->reply_keys[i + 1],
			    (s->n_reply_keys - i) * sizeof s->reply_keys[0]);
			return;
		}
}

/* The text of a schedule under the head of another one. */
static enum err
format_as(const struct schedule *s, const struct schedule *head, struct buf *out)
{
	struct schedule copy = *s;

	copy.serial = head->serial;
	copy.issued = head->issued;
	memcpy(copy.previous, head->previous, HASH_LEN);
	return schedule_format(&copy, out);
}

enum err
listed_compare(const struct schedule *a, const struct schedule *b, bool *is_same)
{
	struct buf x, y;
	enum err e;

	buf_init(&x, LIMIT_SCHEDULE);
	buf_init(&y, LIMIT_SCHEDULE);
	if ((e = schedule_format(a, &x)) == ERR_OK && (e = format_as(b, a, &y)) == ERR_OK)
		*is_same = x.len == y.len && memcmp(x.p, y.p, x.len) == 0;
	buf_wipe(&x);
	buf_wipe(&y);
	return e;
}
