#include "item.h"

#include <stdlib.h>
#include <string.h>

#include "seal/zip.h"

/* The index has the day of the commit, the manifest the minute in which the upload was complete. */
#define DAYS_APART 1
/* An upload keeps the key it began with, and may take this many days. */
#define DAYS_UNDER_WAY 7

/* A manifest that is no good is noted, not an error: the archive can still be read. */
static enum err
read_manifest(struct item *it)
{
	const struct zip_member *m = zip_read_find(it->zip, ZIP_MANIFEST);
	struct manifest *found = NULL;
	struct buf text;
	enum err e;

	if (m == NULL)
		return ERR_PROFILE;
	buf_init(&text, LIMIT_MANIFEST);
	if (m->size > LIMIT_MANIFEST) {
		it->manifest_why = "it is larger than any that our server writes";
		return ERR_OK;
	}
	if ((e = zip_read_member(it->zip, m, buf_sink(&text))) != ERR_OK)
		goto done;
	e = manifest_parse(text.p, text.len, &found, &it->manifest_why);
	if (e == ERR_OK)
		e = manifest_agrees(found, it->zip, &it->manifest_why);
	if (e == ERR_OK) {
		it->manifest = found;
		found = NULL;
	} else if (e != ERR_NOMEM) {
		e = ERR_OK;
	}
done:
	manifest_free(found);
	buf_wipe(&text);
	return e;
}

enum err
item_open(int fd, const struct identity_set *ids, struct item **out)
{
	const struct identity *id;
	struct item *it;
	enum err e;

	if ((it = calloc(1, sizeof *it)) == NULL)
		return ERR_NOMEM;
	if ((e = age_open_fd(fd, ids, NULL, &it->age)) != ERR_OK)
		goto done;
	id = age_open_identity(it->age);
	memcpy(it->recipient, id->pk, AGE_KEY);
	it->epoch = id->tag;
	if ((e = opener_new(it->age, &it->opener)) != ERR_OK ||
	    (e = zip_read_open(opener_source(it->opener), &it->zip)) != ERR_OK ||
	    (e = read_manifest(it)) != ERR_OK)
		goto done;
	*out = it;
	it = NULL;
done:
	item_free(it);
	return e;
}

enum err
item_open_in(struct vault *v, int fd, uint32_t epoch, struct item **out)
{
	const struct identity_set *ids;
	enum err e;

	if ((e = vault_identities_of(v, epoch, &ids)) != ERR_OK)
		return e;
	e = ids->n == 0 ? ERR_NOMATCH : item_open(fd, ids, out);
	if (e != ERR_NOMATCH)
		return e;
	if ((e = vault_identities(v, &ids)) != ERR_OK)
		return e;
	return ids->n == 0 ? ERR_NOMATCH : item_open(fd, ids, out);
}

void
item_free(struct item *it)
{
	if (it == NULL)
		return;
	manifest_free(it->manifest);
	zip_read_free(it->zip);
	opener_free(it->opener);
	age_open_free(it->age);
	free(it);
}

bool
item_state_of(enum err e, enum catalog_state *state)
{
	if (e == ERR_NOMATCH)
		*state = CATALOG_NO_KEY;
	else if (e == ERR_PROFILE)
		*state = CATALOG_FOREIGN;
	else if (e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_MAC || e == ERR_AUTH ||
		 e == ERR_TRUNCATED || e == ERR_CRYPTO || e == ERR_PASSPHRASE)
		*state = CATALOG_DAMAGED;
	else
		return false;
	return true;
}

/* ---- what doesn't fit */

/*
 * Do the schedule's recipients of the manifest's inbox and epoch stand in the
 * manifest, in order? *any is one of that epoch's lines, NULL if there is none.
 */
static bool
is_scheduled(const struct manifest *m, const struct schedule *s, const struct schedule_epoch **any)
{
	const struct schedule_epoch *x;
	size_t inbox, i, n = 0;

	*any = NULL;
	if (schedule_find_inbox(s, m->inbox, &inbox) != ERR_OK)
		return false;
	for (i = 0; i < s->n_epochs; i++) {
		x = &s->epochs[i];
		if (x->inbox != inbox || x->number != m->epoch)
			continue;
		*any = x;
		if (n == m->n_recipients || memcmp(x->recipient, m->recipients[n], AGE_KEY) != 0)
			return false;
		n++;
	}
	return n == m->n_recipients;
}

static bool
names_key(const struct manifest *m, const uint8_t pk[static AGE_KEY])
{
	size_t i;

	for (i = 0; i < m->n_recipients; i++)
		if (memcmp(m->recipients[i], pk, AGE_KEY) == 0)
			return true;
	return false;
}

static bool
is_near(int32_t a, int32_t b)
{
	return a - b <= DAYS_APART && b - a <= DAYS_APART;
}

/* What the schedule that the manifest names says against it. */
static uint32_t
schedule_flags(const struct manifest *m, const struct schedule *s, int32_t day)
{
	const struct schedule_epoch *x;
	uint32_t flags = 0;

	if (s == NULL)
		return CATALOG_NO_SCHEDULE;
	if (!is_scheduled(m, s, &x))
		flags |= CATALOG_BAD_RECIPIENTS;
	if (x != NULL && (day < x->start || day >= x->end + DAYS_UNDER_WAY))
		flags |= CATALOG_BAD_DAY;
	return flags;
}

static uint32_t
flags_of(const struct item *it, const char *instance, const struct schedule *s,
    const struct catalog_item *row)
{
	const struct manifest *m = it->manifest;
	uint32_t flags = schedule_flags(m, s, row->day);

	if (strcmp(m->id, row->id) != 0)
		flags |= CATALOG_BAD_ID;
	if (strcmp(m->instance, instance) != 0)
		flags |= CATALOG_BAD_INSTANCE;
	if (m->epoch != it->epoch || m->epoch != row->epoch || strcmp(m->inbox, row->inbox) != 0)
		flags |= CATALOG_BAD_EPOCH;
	if (m->n_recipients != age_open_stanzas(it->age) || !names_key(m, it->recipient))
		flags |= CATALOG_BAD_RECIPIENTS;
	if (!is_near(m->received_day, row->day))
		flags |= CATALOG_BAD_DAY;
	return flags;
}

enum err
item_schedule(struct vault *v, const struct item *it, const struct schedule **out)
{
	const struct schedule *s = NULL;
	enum err e = ERR_OK;

	if (it->manifest != NULL)
		e = vault_schedule(v, it->manifest->schedule, &s);
	if (e == ERR_SYS || e == ERR_NOMEM)
		return e;
	*out = e == ERR_OK ? s : NULL;
	return ERR_OK;
}

void
item_judge(
    const struct item *it, const char *instance, const struct schedule *s, struct catalog_item *row)
{
	const struct manifest *m = it->manifest;
	const struct zip_member *message = zip_read_find(it->zip, ZIP_MESSAGE);
	size_t i;

	row->state = CATALOG_OPENED;
	if (m == NULL) {
		row->flags = CATALOG_BAD_MANIFEST;
		if (!it->is_kept && it->epoch != row->epoch)
			row->flags |= CATALOG_BAD_EPOCH;
		return;
	}
	row->flags = flags_of(it, instance, s, row);
	memcpy(row->received, m->received, sizeof row->received);
	row->schedule = m->schedule;
	row->files = (uint32_t)m->n_files;
	row->bytes = 0;
	for (i = 0; i < m->n_files; i++)
		row->bytes += m->files[i].size;
	row->message = message == NULL ? 0 : (uint32_t)message->size;
	memcpy(row->mailbox, m->mailbox, sizeof row->mailbox);
	memcpy(row->reply_to, m->reply_to, sizeof row->reply_to);
	row->topics = it->manifest->topics;
	row->n_topics = m->n_topics;
}
