#include "replace.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "keyring.h"
#include "listed.h"
#include "plan.h"

/* Is it the first line of an epoch that isn't over? */
static bool
begins_live(const struct schedule *s, size_t i, int32_t today)
{
	const struct schedule_epoch *ep = &s->epochs[i];

	return ep->end > today &&
	       (i == 0 || ep[-1].inbox != ep->inbox || ep[-1].number != ep->number);
}

/* ---- newer keys */

/* The line of the epoch that lists an older key of this store than the newest; NULL if none does.
 */
static enum err
find_older(struct keystore *k, struct schedule *s, const struct schedule_epoch *ep,
    const struct keystore_epoch *newest, struct schedule_epoch **line, struct tool_fault *f)
{
	struct keystore_epoch older = *newest;
	struct identity *id = NULL;
	enum err e = ERR_OK;

	*line = NULL;
	while (older.replacement > 0 && *line == NULL && e == ERR_OK) {
		older.replacement--;
		id = NULL;
		if ((e = keyring_get(k, &older, &id, f)) == ERR_OK)
			*line = listed_find(s, ep, id->pk);
		else if (e == ERR_NOTFOUND)
			e = ERR_OK; /* a lost one */
		secret_free(id);
	}
	return e;
}

static enum err
refuse_limit(struct tool_fault *f, enum err e)
{
	return tool_refuse(f, e,
	    "Retire epochs that are over: what was revoked of them goes. Or revoke the next ones alone.",
	    "a schedule has at most %d revoked keys", LIMIT_REVOKED);
}

static enum err
apply_to(struct keystore *k, struct schedule *s, const struct schedule_epoch *ep,
    const struct keystore_epoch *newest, uint32_t *replaced, struct tool_fault *f)
{
	struct schedule_epoch *line = NULL;
	struct identity *id = NULL;
	enum err e;

	if ((e = keyring_get(k, newest, &id, f)) != ERR_OK)
		return e;
	if (listed_find(s, ep, id->pk) == NULL &&
	    (e = find_older(k, s, ep, newest, &line, f)) == ERR_OK && line != NULL) {
		if ((e = listed_replace_recipient(s, line, id->pk)) != ERR_OK)
			refuse_limit(f, e);
		(*replaced)++;
	}
	secret_free(id);
	return e;
}

enum err
replace_apply(
    struct keystore *k, struct schedule *s, int32_t today, uint32_t *replaced, struct tool_fault *f)
{
	struct keystore_epoch newest;
	struct schedule_epoch *ep;
	struct keyring ring = {0};
	enum err e;
	size_t i;

	*replaced = 0;
	e = keyring_load(k, &ring, f);
	for (i = 0; i < s->n_epochs && e == ERR_OK; i++) {
		ep = &s->epochs[i];
		if (begins_live(s, i, today) &&
		    keyring_newest(&ring, s->inboxes[ep->inbox].name, ep->number, &newest) &&
		    newest.replacement > 0)
			e = apply_to(k, s, ep, &newest, replaced, f);
	}
	keyring_free(&ring);
	return e;
}

/* ---- lost keys */

static bool
is_revoked(const struct schedule *s, const uint8_t recipient[static AGE_KEY])
{
	size_t i;

	for (i = 0; i < s->n_revoked; i++)
		if (memcmp(s->revoked[i].recipient, recipient, AGE_KEY) == 0)
			return true;
	return false;
}

/*
 * A key for an epoch whose listed one isn't here: what a run that was cut off has made, or a new
 * one. A key that was revoked after the backup never comes back.
 */
static enum err
make_for_lost(struct keystore *k, const struct keyring *ring, const struct schedule *s,
    const struct schedule_epoch *ep, uint8_t recipient[static AGE_KEY], struct tool_fault *f)
{
	const char *inbox = s->inboxes[ep->inbox].name;
	struct keystore_epoch key = {.number = ep->number, .replacement = 1};
	struct identity *id = NULL;
	bool is_good = false;
	enum err e;

	snprintf(key.inbox, sizeof key.inbox, "%s", inbox);
	if (!keyring_newest(ring, inbox, ep->number, &key))
		return keyring_make(k, &key, recipient, f);
	if ((e = keyring_get(k, &key, &id, f)) == ERR_OK && !is_revoked(s, id->pk)) {
		memcpy(recipient, id->pk, AGE_KEY);
		is_good = true;
	}
	secret_free(id);
	if (e != ERR_OK || is_good)
		return e;
	key.replacement++;
	return keyring_make(k, &key, recipient, f);
}

/* ep is the epoch's first line: this desk's, also when other desks have lines behind it (listed.h).
 */
static enum err
replace_one_lost(struct keystore *k, struct schedule *s, const struct keyring *ring,
    struct schedule_epoch *ep, struct tool_fault *f)
{
	uint8_t recipient[AGE_KEY];
	enum err e;

	if ((e = make_for_lost(k, ring, s, ep, recipient, f)) != ERR_OK)
		return e;
	if ((e = listed_replace_recipient(s, ep, recipient)) != ERR_OK)
		refuse_limit(f, e);
	return e;
}

/* Does any key of this store, of whatever age, stand in the epoch's lines? */
static enum err
is_listed(struct keystore *k, struct schedule *s, const struct keyring *ring,
    const struct schedule_epoch *ep, bool *listed, struct tool_fault *f)
{
	struct schedule_epoch *line = NULL;
	struct keystore_epoch key;
	enum err e;

	*listed = false;
	if (!keyring_newest(ring, s->inboxes[ep->inbox].name, ep->number, &key))
		return ERR_OK;
	key.replacement++; /* so that the newest itself counts as an older one */
	if ((e = find_older(k, s, ep, &key, &line, f)) == ERR_OK)
		*listed = line != NULL;
	return e;
}

enum err
replace_lost(
    struct keystore *k, struct schedule *s, int32_t today, uint32_t *replaced, struct tool_fault *f)
{
	struct keyring ring = {0};
	bool listed;
	enum err e;
	size_t i;

	e = keyring_load(k, &ring, f);
	for (i = 0; i < s->n_epochs && e == ERR_OK; i++) {
		if (!begins_live(s, i, today) || plan_is_open(&s->epochs[i]) ||
		    (e = is_listed(k, s, &ring, &s->epochs[i], &listed, f)) != ERR_OK || listed)
			continue;
		e = replace_one_lost(k, s, &ring, &s->epochs[i], f);
		(*replaced)++;
	}
	keyring_free(&ring);
	return e;
}

/* ---- offers */

/* Each older key of the epoch that may have been offered, or listed. */
static enum err
declare_older(struct keystore *k, const struct schedule *answered, struct schedule *offer,
    const struct schedule_epoch *ep, const struct keystore_epoch *newest, struct tool_fault *f)
{
	struct keystore_epoch older = {.number = ep->number};
	struct schedule_epoch line = *ep;
	struct identity *id;
	enum err e = ERR_OK;

	memcpy(older.inbox, newest->inbox, sizeof older.inbox);
	for (; e == ERR_OK && older.replacement < newest->replacement; older.replacement++) {
		id = NULL;
		if ((e = keyring_get(k, &older, &id, f)) == ERR_NOTFOUND)
			e = ERR_OK; /* a lost one */
		else if (e == ERR_OK && !is_revoked(answered, id->pk)) {
			memcpy(line.recipient, id->pk, AGE_KEY);
			if ((e = listed_add_revoked(offer, &line)) != ERR_OK)
				refuse_limit(f, e);
		}
		secret_free(id);
	}
	return e;
}

enum err
replace_declare(struct keystore *k, const struct schedule *answered, struct schedule *offer,
    struct tool_fault *f)
{
	struct keystore_epoch newest;
	struct keyring ring = {0};
	enum err e;
	size_t i;

	e = keyring_load(k, &ring, f);
	for (i = 0; i < offer->n_epochs && e == ERR_OK; i++)
		if (keyring_newest(&ring, offer->inboxes[0].name, offer->epochs[i].number, &newest))
			e = declare_older(k, answered, offer, &offer->epochs[i], &newest, f);
	keyring_free(&ring);
	return e;
}
