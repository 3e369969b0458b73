#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "seal/bech32.h"

struct schedule *
schedule_new(void)
{
	struct schedule *s = calloc(1, sizeof *s);

	if (s == NULL || (s->epochs = calloc(LIMIT_EPOCHS, sizeof *s->epochs)) == NULL ||
	    (s->revoked = calloc(LIMIT_REVOKED, sizeof *s->revoked)) == NULL) {
		schedule_free(s);
		return NULL;
	}
	return s;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->epochs);
	free(s->revoked);
	free(s);
}

/* ---- what its fields may be */

bool
schedule_is_instance(const char *s, size_t len)
{
	size_t i;

	if (len != SCHEDULE_INSTANCE_LEN || memcmp(s + SCHEDULE_ONION_LEN, ".onion", 6) != 0)
		return false;
	for (i = 0; i < SCHEDULE_ONION_LEN; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '2' && s[i] <= '7')))
			return false;
	return s[SCHEDULE_ONION_LEN - 1] == 'd'; /* the low bits of version 3 */
}

bool
schedule_is_inbox_name(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > LIMIT_INBOX_NAME)
		return false;
	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return false;
	return true;
}

bool
schedule_is_title(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t n;

	if (len == 0 || len > LIMIT_INBOX_TITLE || s[0] == ' ' || s[len - 1] == ' ')
		return false;
	for (; len > 0; p += n, len -= n)
		if ((n = text_utf8_len(p, len)) == 0 || text_is_treacherous(text_utf8_point(p, n)))
			return false;
	return true;
}

/* ---- writing */

static enum err
format_head(const struct schedule *s, struct buf *out)
{
	char issued[DATE_DAY_LEN + 1], previous[HASH_HEX_LEN + 1];

	date_format(issued, s->issued);
	text_hex(previous, s->previous, HASH_LEN);
	return buf_addf(out,
	    "sealslot-keys 1\ninstance: %s\nserial: %u\nissued: %s\nprevious: %s\n", s->instance,
	    s->serial, issued, previous);
}

static enum err
format_epoch(const struct schedule *s, const struct schedule_epoch *e, struct buf *out)
{
	char start[DATE_DAY_LEN + 1], end[DATE_DAY_LEN + 1], recipient[AGE_RECIPIENT_LEN + 1];

	date_format(start, e->start);
	date_format(end, e->end);
	bech32_recipient(recipient, e->recipient);
	return buf_addf(out, "epoch: %s %u %s %s %s\n", s->inboxes[e->inbox].name, e->number, start,
	    end, recipient);
}

static enum err
format_revoked(const struct schedule *s, const struct schedule_revoked *r, struct buf *out)
{
	char recipient[AGE_RECIPIENT_LEN + 1];

	bech32_recipient(recipient, r->recipient);
	return buf_addf(
	    out, "revoked: %s %u %s\n", s->inboxes[r->inbox].name, r->number, recipient);
}

static enum err
format_reply_key(const struct minisign_key *k, struct buf *out)
{
	char line[MINISIGN_KEY_LEN + 1];

	minisign_key_format(line, k);
	return buf_addf(out, "replykey: %s\n", line);
}

static enum err
format_body(const struct schedule *s, struct buf *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < s->n_inboxes && e == ERR_OK; i++)
		e = buf_addf(out, "inbox: %s %s\n", s->inboxes[i].name, s->inboxes[i].title);
	for (i = 0; i < s->n_epochs && e == ERR_OK; i++)
		e = format_epoch(s, &s->epochs[i], out);
	for (i = 0; i < s->n_revoked && e == ERR_OK; i++)
		e = format_revoked(s, &s->revoked[i], out);
	for (i = 0; i < s->n_reply_keys && e == ERR_OK; i++)
		e = format_reply_key(&s->reply_keys[i], out);
	return e;
}

enum err
schedule_format(const struct schedule *s, struct buf *out)
{
	size_t before = out->len;
	enum err e;

	if ((e = format_head(s, out)) == ERR_OK && (e = format_body(s, out)) == ERR_OK)
		e = buf_add_str(out, "end\n");
	if (e != ERR_OK)
		out->len = before;
	return e;
}

enum err
schedule_comment(const struct schedule *s, char *out, size_t size)
{
	char text[SCHEDULE_COMMENT_MAX + 1];
	int n;

	n = snprintf(
	    text, sizeof text, "sealslot-keys serial:%u instance:%s", s->serial, s->instance);
	if (n < 0 || (size_t)n >= size)
		return ERR_LIMIT;
	memcpy(out, text, (size_t)n + 1);
	return ERR_OK;
}

/* ---- one schedule after another */

static int
compare_epochs(const void *a, const void *b)
{
	const struct schedule_epoch *x = a, *y = b;

	if (x->inbox != y->inbox)
		return x->inbox < y->inbox ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static const struct schedule_epoch *
find_epoch(const struct schedule *s, const char *inbox, uint32_t number)
{
	struct schedule_epoch key = {.number = number};
	size_t at;

	if (schedule_find_inbox(s, inbox, &at) != ERR_OK)
		return NULL;
	key.inbox = (uint32_t)at;
	return bsearch(&key, s->epochs, s->n_epochs, sizeof *s->epochs, compare_epochs);
}

static bool
is_revoked(const struct schedule *s, const uint8_t recipient[static AGE_KEY])
{
	size_t i;

	for (i = 0; i < s->n_revoked; i++)
		if (memcmp(s->revoked[i].recipient, recipient, AGE_KEY) == 0)
			return true;
	return false;
}

/* Neither may an epoch move, nor a revoked recipient come back. */
static enum err
check_epochs(const struct schedule *current, const struct schedule *next)
{
	const struct schedule_epoch *n, *c = NULL;
	size_t i;

	for (i = 0; i < next->n_epochs; i++) {
		n = &next->epochs[i];
		if (is_revoked(current, n->recipient))
			return ERR_PROFILE;
		c = find_epoch(current, next->inboxes[n->inbox].name, n->number);
		if (c != NULL && (c->start != n->start || c->end != n->end))
			return ERR_PROFILE;
	}
	return ERR_OK;
}

enum err
schedule_may_follow(const struct schedule *current, const uint8_t current_hash[static HASH_LEN],
    const struct schedule *next, const uint8_t next_hash[static HASH_LEN], bool *is_gap)
{
	bool gap = false;
	enum err e;

	if (strcmp(current->instance, next->instance) != 0)
		return ERR_USAGE;
	if (next->serial < current->serial)
		return ERR_ROLLBACK;
	if (next->serial == current->serial) {
		if (memcmp(current_hash, next_hash, HASH_LEN) != 0)
			return ERR_FORK;
	} else if (next->serial - current->serial > 1) {
		gap = true;
	} else if (memcmp(next->previous, current_hash, HASH_LEN) != 0) {
		return ERR_AUTH;
	}
	if (next->issued < current->issued)
		return ERR_PROFILE;
	if ((e = check_epochs(current, next)) != ERR_OK)
		return e;
	*is_gap = gap;
	return ERR_OK;
}

const char *
schedule_follow_text(enum err e)
{
	if (e == ERR_USAGE)
		return "it is for another instance";
	if (e == ERR_ROLLBACK)
		return "its serial is lower";
	if (e == ERR_FORK)
		return "it has the same serial and another content";
	if (e == ERR_AUTH)
		return "it doesn't follow that one: its line \"previous:\" is the hash of another text";
	if (e == ERR_PROFILE)
		return "it was issued earlier, moves an epoch, or lists a revoked recipient again";
	return err_text(e);
}

/* ---- which key is it today */

enum err
schedule_find_inbox(const struct schedule *s, const char *name, size_t *inbox)
{
	size_t i;

	for (i = 0; i < s->n_inboxes; i++)
		if (strcmp(s->inboxes[i].name, name) == 0) {
			*inbox = i;
			return ERR_OK;
		}
	return ERR_NOTFOUND;
}

enum err
schedule_current(const struct schedule *s, size_t inbox, int32_t day, struct schedule_seal *out)
{
	struct schedule_seal seal = {0};
	const struct schedule_epoch *e;
	size_t i;

	for (i = 0; i < s->n_epochs; i++) {
		e = &s->epochs[i];
		if (e->inbox != inbox || day < e->start || day >= e->end)
			continue;
		seal.number = e->number;
		seal.start = e->start;
		seal.end = e->end;
		memcpy(seal.recipients[seal.n++], e->recipient, AGE_KEY);
	}
	if (seal.n == 0)
		return ERR_EXPIRED;
	*out = seal;
	return ERR_OK;
}

/* Epochs are contiguous, so the days of an inbox end where its last epoch ends. */
static int32_t
inbox_last_day(const struct schedule *s, size_t inbox, int32_t day)
{
	struct schedule_seal seal;
	int32_t last = day;
	size_t i;

	if (schedule_current(s, inbox, day, &seal) != ERR_OK)
		return day;
	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == inbox)
			last = s->epochs[i].end;
	return last;
}

int32_t
schedule_last_day(const struct schedule *s, int32_t day)
{
	int32_t last = INT32_MAX, end;
	size_t i;

	for (i = 0; i < s->n_inboxes; i++)
		if ((end = inbox_last_day(s, i, day)) < last)
			last = end;
	return s->n_inboxes == 0 ? day : last;
}
