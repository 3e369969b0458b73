#include "replace_range.h"

#include <string.h>

#include "base/text.h"
#include "keyring.h"
#include "listed.h"

enum err
replace_range_parse(const char *s, struct replace_range *out)
{
	const char *dash = strchr(s, '-');
	size_t len = dash == NULL ? strlen(s) : (size_t)(dash - s);
	uint64_t first, last;

	if (text_number(s, len, UINT32_MAX, &first) != ERR_OK || first == 0)
		return ERR_FORMAT;
	last = first;
	if (dash != NULL && dash[1] == '\0')
		last = UINT32_MAX;
	else if (dash != NULL &&
		 text_number(dash + 1, strlen(dash + 1), UINT32_MAX, &last) != ERR_OK)
		return ERR_FORMAT;
	if (last < first)
		return ERR_FORMAT;
	out->first = (uint32_t)first;
	out->last = (uint32_t)last;
	return ERR_OK;
}

static bool
is_meant(const struct replace_range *r, const char *inbox, uint32_t number)
{
	return (r->inbox == NULL || strcmp(r->inbox, inbox) == 0) && number >= r->first &&
	       number <= r->last;
}

static enum err
make_next(struct keystore *k, const struct keystore_epoch *newest, struct tool_fault *f)
{
	struct keystore_epoch next = *newest;
	uint8_t recipient[AGE_KEY];

	next.replacement++;
	return keyring_make(k, &next, recipient, f);
}

struct making {
	struct keystore *k;
	const struct schedule *s;
	const struct replace_range *range;
	int32_t today;
	size_t meant; /* keys of the range */
};

/* Does any line of the epoch list this key? */
static enum err
is_key_listed(const struct making *m, const struct schedule_epoch *ep,
    const struct keystore_epoch *key, bool *out, struct tool_fault *f)
{
	struct identity *id = NULL;
	enum err e;

	if ((e = keyring_get(m->k, key, &id, f)) == ERR_OK)
		*out = listed_find(m->s, ep, id->pk) != NULL;
	secret_free(id);
	return e;
}

/* Is it a key for an epoch that comes behind all that the schedule has? */
static bool
is_ahead(const struct schedule *s, const struct keystore_epoch *key)
{
	size_t i, inbox;

	if (schedule_find_inbox(s, key->inbox, &inbox) != ERR_OK)
		return true;
	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == inbox && s->epochs[i].number >= key->number)
			return false;
	return true;
}

static const struct schedule_epoch *
find_epoch(const struct schedule *s, const struct keystore_epoch *key)
{
	size_t i;

	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].number == key->number &&
		    strcmp(s->inboxes[s->epochs[i].inbox].name, key->inbox) == 0)
			return &s->epochs[i];
	return NULL;
}

/* Is this newest key of its epoch to be replaced? */
static enum err
must_go(struct making *m, const struct keystore_epoch *key, bool *out, struct tool_fault *f)
{
	const struct schedule_epoch *ep = find_epoch(m->s, key);
	bool listed = false;
	enum err e;

	*out = false;
	if (ep != NULL && ep->end <= m->today)
		return ERR_OK;
	if (ep != NULL && is_meant(m->range, key->inbox, key->number)) {
		m->meant++;
		*out = true;
		return ERR_OK;
	}
	if (!m->range->takes_unlisted || (ep == NULL && !is_ahead(m->s, key)))
		return ERR_OK;
	if (ep != NULL && (e = is_key_listed(m, ep, key, &listed, f)) != ERR_OK)
		return e;
	*out = !listed;
	return ERR_OK;
}

/* The ring is sorted: the newest key of an epoch is the last of its number. */
static bool
is_newest(const struct keyring *ring, size_t i)
{
	return i + 1 == ring->n || ring->p[i + 1].number != ring->p[i].number ||
	       strcmp(ring->p[i + 1].inbox, ring->p[i].inbox) != 0;
}

enum err
replace_range_make(struct keystore *k, const struct schedule *s, const struct replace_range *range,
    int32_t today, struct tool_fault *f)
{
	struct making m = {.k = k, .s = s, .range = range, .today = today};
	struct keyring ring = {0};
	bool goes;
	enum err e;
	size_t i;

	e = keyring_load(k, &ring, f);
	for (i = 0; i < ring.n && e == ERR_OK; i++)
		if (is_newest(&ring, i) && (e = must_go(&m, &ring.p[i], &goes, f)) == ERR_OK &&
		    goes)
			e = make_next(k, &ring.p[i], f);
	keyring_free(&ring);
	if (e == ERR_OK && m.meant == 0 && range->inbox != NULL)
		e = tool_refuse(f, ERR_NOTFOUND, "See which there are: " TOOL_PROGRAM " show KEYS",
		    "no epoch that isn't over is meant");
	return e;
}
