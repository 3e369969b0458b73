#include "import.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "alarm.h"
#include "import_part.h"

#define SIG_EXT ".minisig"

/* ---- schedules */

static enum err
refuse_schedule(struct import *im, const char *name, const char *why)
{
	import_note(im, IMPORT_SCHEDULE, name, ERR_AUTH, why);
	return alarm_raise(&im->v->catalog, CATALOG_SCHEDULE_BAD, im->index->head.serial, 0, NULL);
}

/* Keeps a schedule that verifies. */
static enum err
keep_schedule(struct import *im, const char *name, const struct buf *text, const struct buf *sig)
{
	const struct catalog_schedule *old;
	struct catalog *c = &im->v->catalog;
	struct schedule_fault fault = {0, NULL};
	struct catalog_schedule new;
	struct schedule *s = NULL;
	enum err e;

	if ((e = vault_verify(im->v, text, sig, &s, &fault)) == ERR_NOMEM)
		return e;
	if (e != ERR_OK || strcmp(s->instance, c->instance) != 0) {
		schedule_free(s);
		return refuse_schedule(im, name, e == ERR_FORMAT ? fault.why : NULL);
	}
	new.serial = s->serial;
	schedule_free(s);
	hash_256(new.hash, text->p, text->len);
	if (new.serial > im->schedule)
		im->schedule = new.serial;
	if ((old = catalog_find_schedule(c, new.serial)) != NULL) {
		if (memcmp(old->hash, new.hash, HASH_LEN) == 0)
			return ERR_OK;
		import_note(im, IMPORT_SCHEDULE, name, ERR_FORK, NULL);
		return alarm_raise(c, CATALOG_SCHEDULE_FORK, new.serial, 0, NULL);
	}
	if ((e = vault_schedule_put(im->v, new.serial, text, sig)) != ERR_OK)
		return e;
	return catalog_put_schedule(c, &new);
}

/* The current member is keys/<something>; its signature must be the next one. */
static enum err
take_schedule(struct import *im)
{
	char name[TAR_NAME_MAX + 1], sig_name[TAR_NAME_MAX + sizeof SIG_EXT];
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	memcpy(name, im->feed.member.name, sizeof name);
	snprintf(sig_name, sizeof sig_name, "%s" SIG_EXT, name);
	if ((e = feed_read(&im->feed, &text)) != ERR_OK || (e = feed_next(&im->feed)) != ERR_OK)
		goto done;
	if (strcmp(im->feed.member.name, sig_name) != 0)
		e = ERR_LIMIT;
	else
		e = feed_read(&im->feed, &sig);
	if (e == ERR_OK)
		e = keep_schedule(im, name, &text, &sig);
done:
	if (e == ERR_LIMIT)
		e = refuse_schedule(im, name, "it is too large, or without its signature");
	buf_wipe(&sig);
	buf_wipe(&text);
	return e;
}

/* ---- members */

static enum err
take_item(struct import *im, const char *id)
{
	const struct bundle_item *b = bundle_index_find(im->index, id);

	if (b == NULL) {
		import_note(im, IMPORT_UNLISTED, im->feed.member.name, ERR_OK, NULL);
		return ERR_OK;
	}
	return import_item(im, (size_t)(b - im->index->items));
}

static enum err
take_member(struct import *im)
{
	const char *name = im->feed.member.name;
	char id[RANDOM_ID_LEN + 1];

	if (vault_item_parse(name, strlen(name), id))
		return take_item(im, id);
	if (strncmp(name, BUNDLE_SCHEDULES, strlen(BUNDLE_SCHEDULES)) == 0)
		return take_schedule(im);
	import_note(im, IMPORT_FOREIGN, name, ERR_OK, NULL);
	return ERR_OK;
}

/*
 * Is it the medium's fault, so that what came before it can be kept? Items and
 * schedules that don't fit were noted and passed over, so these can only come from the feed.
 */
static bool
is_medium(const struct import *im, enum err e)
{
	return im->feed.is_broken || e == ERR_TRUNCATED || e == ERR_FORMAT || e == ERR_PROFILE;
}

static enum err
take_members(struct import *im)
{
	char name[TAR_NAME_MAX + 1] = "";
	enum err e;

	do {
		if ((e = feed_next(&im->feed)) != ERR_OK)
			break;
		memcpy(name, im->feed.member.name, sizeof name);
		e = take_member(im);
	} while (e == ERR_OK);
	if (e == ERR_CLOSED)
		return ERR_OK;
	if (is_medium(im, e)) {
		im->r->is_cut = true;
		import_note(im, IMPORT_ENDED, name, e, NULL);
		return ERR_OK;
	}
	return e;
}

/* ---- the whole */

static enum err
mark_what_is_there(struct import *im)
{
	size_t i;
	enum err e;

	if ((im->has = calloc(im->index->n_items + 1, sizeof *im->has)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < im->index->n_items; i++) {
		if ((e = import_has(im, i, &im->has[i])) != ERR_OK)
			return e;
		im->r->had += im->has[i];
	}
	return ERR_OK;
}

static enum err
put_missing(struct catalog *c, const struct bundle_item *b)
{
	const struct catalog_item *old = catalog_find(c, b->id);
	struct catalog_item row = {
	    .state = CATALOG_MISSING, .day = b->day, .epoch = b->epoch, .size = b->size};

	if (old != NULL && old->state == CATALOG_MISSING &&
	    memcmp(old->hash, b->hash, HASH_LEN) == 0)
		return ERR_OK;
	memcpy(row.id, b->id, sizeof row.id);
	memcpy(row.inbox, b->inbox, sizeof row.inbox);
	memcpy(row.hash, b->hash, HASH_LEN);
	return catalog_put_item(c, &row);
}

/* Rows for what the index lists and nobody has: so that lists name it, too. */
static enum err
mark_missing(struct import *im)
{
	size_t i;
	enum err e;

	for (i = 0; i < im->index->n_items; i++) {
		if (im->has[i])
			continue;
		im->r->missing++;
		import_note(im, IMPORT_MISSING, im->index->items[i].id, ERR_OK, NULL);
		if ((e = put_missing(&im->v->catalog, &im->index->items[i])) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* What was whole is kept, also when the disk is full or the machine fails us later. */
static enum err
take_and_flush(struct import *im)
{
	enum err e = take_members(im), flushed = ERR_OK;

	if (!im->is_failed)
		flushed = import_flush(im);
	return e == ERR_OK ? flushed : e;
}

static enum err
run(struct import *im, const char **why)
{
	const struct identity_set *ids;
	enum err e;

	if ((e = vault_identities(im->v, &ids)) != ERR_OK) {
		*why = "a key of the key store can't be opened; check it with sealslot-keys show";
		return e;
	}
	if ((e = import_head(im, why)) != ERR_OK || (e = mark_what_is_there(im)) != ERR_OK ||
	    (e = take_and_flush(im)) != ERR_OK || (e = mark_missing(im)) != ERR_OK ||
	    (e = import_gone(im)) != ERR_OK || (e = import_record(im)) != ERR_OK)
		return e;
	return vault_commit(im->v);
}

enum err
import_run(struct vault *v, int fd, const struct import_events *ev, struct import_report *r,
    const char **why)
{
	struct import *im;
	enum err e;

	*r = (struct import_report){0};
	*why = NULL;
	if ((im = calloc(1, sizeof *im)) == NULL)
		return ERR_NOMEM;
	im->v = v;
	im->ev = ev;
	im->r = r;
	if ((e = feed_init(&im->feed, fd)) == ERR_OK)
		e = run(im, why);
	import_drop(im);
	free(im->has);
	bundle_index_free(im->index);
	feed_wipe(&im->feed);
	free(im);
	return e;
}
