#include "alarm.h"

#include <string.h>

#include "base/clock.h"

enum err
alarm_raise(struct catalog *c, enum catalog_alarm_kind kind, uint64_t a, uint64_t b, const char *id)
{
	struct catalog_alarm new = {.kind = kind, .a = a, .b = b};
	const struct catalog_alarm *old;
	size_t i;

	if (id != NULL)
		memcpy(new.id, id, RANDOM_ID_LEN);
	for (i = 0; i < c->n_alarms; i++) {
		old = &c->alarms[i];
		if (old->kind == kind && old->a == a && old->b == b && strcmp(old->id, new.id) == 0)
			return ERR_OK;
	}
	new.number = (uint32_t)c->n_alarms + 1;
	new.day = clock_today();
	return catalog_put_alarm(c, &new);
}

enum err
alarm_put_aside(struct catalog *c, uint32_t number)
{
	struct catalog_alarm a;

	if (number == 0 || number > c->n_alarms)
		return ERR_NOTFOUND;
	a = c->alarms[number - 1];
	a.seen = clock_today();
	return catalog_put_alarm(c, &a);
}

/* Has every bundle from a to b come, in at least one volume? */
static bool
is_closed(const struct catalog *c, uint64_t a, uint64_t b)
{
	uint64_t next = a;
	size_t i;

	for (i = 0; i < c->n_bundles && next <= b; i++)
		if (c->bundles[i].serial == next)
			next++;
	return next > b;
}

enum err
alarm_close_gaps(struct catalog *c)
{
	const struct catalog_alarm *a;
	size_t i;
	enum err e;

	for (i = 0; i < c->n_alarms; i++) {
		a = &c->alarms[i];
		if (a->kind == CATALOG_GAP && a->seen == 0 && is_closed(c, a->a, a->b) &&
		    (e = alarm_put_aside(c, a->number)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

size_t
alarm_count(const struct catalog *c)
{
	size_t n = 0, i;

	for (i = 0; i < c->n_alarms; i++)
		n += c->alarms[i].seen == 0;
	return n;
}

static enum err
text_of_bundle(struct buf *out, const struct catalog_alarm *a)
{
	unsigned long long x = a->a, y = a->b;

	if (a->kind == CATALOG_GAP)
		return buf_addf(out,
		    "Bundles %llu to %llu were never imported. Look for the sticks and import "
		    "them. What they carried comes again with the next bundle, unless the server "
		    "already counts it as received.",
		    x, y);
	if (a->kind == CATALOG_BUNDLE_BACK)
		return buf_addf(out,
		    "The server made bundle %llu after it had already made bundle %llu: it has "
		    "gone back in time. Ask the admins whether they restored it from a backup; if "
		    "they didn't, somebody else did.",
		    x, y);
	if (a->kind == CATALOG_BUNDLE_FORK)
		return buf_addf(out,
		    "Two different bundles carry the number %llu. Ask the admins whether they "
		    "restored the server from a backup; if they didn't, somebody runs a copy of "
		    "it.",
		    x);
	return buf_addf(out,
	    "Bundles %llu and %llu don't follow each other, although their numbers do. Ask the "
	    "admins whether they restored the server from a backup; if they didn't, somebody runs "
	    "a copy of it.",
	    x - 1, x);
}

static enum err
text_of_schedule(struct buf *out, const struct catalog_alarm *a)
{
	unsigned long long x = a->a, y = a->b;

	if (a->kind == CATALOG_SCHEDULE_BACK)
		return buf_addf(out,
		    "The server used key schedule %llu although it had schedule %llu before. Ask "
		    "the admins to publish the newest schedule again, and whether they restored "
		    "the server from a backup.",
		    x, y);
	if (a->kind == CATALOG_SCHEDULE_FORK)
		return buf_addf(out,
		    "Two different key schedules carry the number %llu, both signed with the root "
		    "key. Tell the admins: the key ceremony went wrong, or somebody else has the "
		    "root key.",
		    x);
	return buf_addf(out,
	    "Bundle %llu brought a key schedule that the root key didn't sign. Tell the admins: "
	    "somebody is trying to have files sealed to other keys.",
	    x);
}

enum err
alarm_text(struct buf *out, const struct catalog_alarm *a)
{
	switch (a->kind) {
	case CATALOG_GAP:
	case CATALOG_BUNDLE_BACK:
	case CATALOG_BUNDLE_FORK:
	case CATALOG_BUNDLE_CHAIN: return text_of_bundle(out, a);
	case CATALOG_SCHEDULE_BACK:
	case CATALOG_SCHEDULE_FORK:
	case CATALOG_SCHEDULE_BAD: return text_of_schedule(out, a);
	case CATALOG_TRANSFER_KEY:
		return buf_add_str(out,
		    "A bundle was signed with another transfer key than the one this vault "
		    "trusts; nothing of it was imported. If the admins set up a new server, make "
		    "a new vault for it; if they didn't, somebody forged a bundle.");
	case CATALOG_ITEM_CHANGED:
		return buf_addf(out,
		    "The server sent two different files under the id %s. The vault keeps the "
		    "first one. Tell the admins: the server, or a copy of it, is in wrong hands.",
		    a->id);
	case CATALOG_ALARM_KINDS: break;
	}
	return ERR_USAGE;
}
