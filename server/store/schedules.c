#include "store/schedules.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "carry/schedule_name.h"

void
schedules_init(struct schedules *s)
{
	*s = (struct schedules){0};
	buf_init(&s->text, LIMIT_SCHEDULE);
	buf_init(&s->sig, LIMIT_SIGNATURE);
}

void
schedules_wipe(struct schedules *s)
{
	schedule_free(s->active);
	buf_wipe(&s->text);
	buf_wipe(&s->sig);
	s->active = NULL;
	s->floor = 0;
}

/* The highest serial in the folder; 0 if it is empty. */
static enum err
find_newest(int keys, uint32_t *out)
{
	uint32_t newest = 0, serial;
	struct dirent *d;
	enum err e;
	DIR *dir = NULL;

	if ((e = io_open_list(keys, &dir)) != ERR_OK)
		return e;
	/* A list that ends too early must not bring an older schedule back. */
	while ((errno = 0, d = readdir(dir)) != NULL)
		if ((serial = schedule_name_serial(d->d_name)) > newest)
			newest = serial;
	if (errno != 0)
		e = io_errno();
	closedir(dir);
	if (e != ERR_OK)
		return e;
	*out = newest;
	return ERR_OK;
}

/* Takes over what has been verified. */
static void
activate(struct schedules *s, struct schedule *active, struct buf *text, struct buf *sig)
{
	schedules_wipe(s);
	s->active = active;
	s->floor = active->serial;
	s->text = *text;
	s->sig = *sig;
	hash_256(s->hash, s->text.p, s->text.len);
	buf_init(text, LIMIT_SCHEDULE);
	buf_init(sig, LIMIT_SIGNATURE);
}

static enum err
verify(const struct buf *text, const struct buf *sig, const char *instance,
    const struct minisign_key *root, struct schedule **out, struct reason *why)
{
	struct schedule_fault fault = {0, ""};
	struct schedule *s = NULL;
	enum err e;

	if ((e = schedule_verify(text, sig, root, &s, &fault)) != ERR_OK) {
		if (fault.line != 0)
			reason_set(why, e, "The schedule is refused: line %zu: %s.", fault.line,
			    fault.why);
		else
			reason_set(why, e, "The schedule is refused: %s.", fault.why);
		return e;
	}
	if (strcmp(s->instance, instance) != 0) {
		reason_set(
		    why, ERR_USAGE, "The schedule is for another instance, %s.", s->instance);
		schedule_free(s);
		return ERR_USAGE;
	}
	*out = s;
	return ERR_OK;
}

static enum err
read_files(int keys, uint32_t serial, struct buf *text, struct buf *sig)
{
	char name[SCHEDULE_NAME_MAX];
	enum err e;

	schedule_name(name, serial, SCHEDULE_NAME_TEXT);
	if ((e = io_read_file(keys, name, text)) != ERR_OK)
		return e;
	schedule_name(name, serial, SCHEDULE_NAME_SIG);
	return io_read_file(keys, name, sig);
}

enum err
schedules_load(struct schedules *s, int keys, const char *instance, const struct minisign_key *root,
    struct reason *why)
{
	struct schedule *newest = NULL;
	struct buf text, sig;
	uint32_t serial = 0;
	struct reason inner;
	enum err e;

	schedules_wipe(s);
	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = find_newest(keys, &serial)) != ERR_OK) {
		e = reason_sys(why, e, "Can't list the store's schedules");
		goto done;
	}
	if (serial == 0)
		goto done;
	s->floor = serial;
	if ((e = read_files(keys, serial, &text, &sig)) != ERR_OK) {
		reason_sys(why, e,
		    "Can't read schedule %u in the store's folder keys (publish it again)", serial);
		e = ERR_AUTH; /* serving goes on, without a schedule */
		goto done;
	}
	if (verify(&text, &sig, instance, root, &newest, &inner) != ERR_OK) {
		e = reason_set(why, ERR_AUTH,
		    "The store's own copy of schedule %u doesn't verify: find out why, then publish it "
		    "again. (%.200s)",
		    serial, inner.text);
		goto done;
	}
	activate(s, newest, &text, &sig);
done:
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

/* May it follow what there is? */
static enum err
judge(const struct schedules *s, const struct schedule *next, const struct buf *text, bool *is_gap,
    struct reason *why)
{
	uint8_t hash[HASH_LEN];
	enum err e;

	*is_gap = false;
	if (next->serial < s->floor)
		return reason_set(why, ERR_ROLLBACK,
		    "The schedule has serial %u, but %u is active already: an older one is never taken "
		    "again.",
		    next->serial, s->floor);
	if (s->active == NULL)
		return ERR_OK;
	hash_256(hash, text->p, text->len);
	e = schedule_may_follow(s->active, s->hash, next, hash, is_gap);
	if (e == ERR_FORK)
		return reason_set(why, e,
		    "There are two different schedules with serial %u: somebody signed twice. Compare "
		    "the key stores before anything else.",
		    next->serial);
	if (e == ERR_AUTH)
		return reason_set(why, e,
		    "Schedule %u wasn't made after the schedule %u that is active here: two key stores "
		    "have parted.",
		    next->serial, s->active->serial);
	if (e == ERR_PROFILE)
		return reason_set(why, e,
		    "Schedule %u moves an epoch, brings back a revoked key, or is issued before "
		    "schedule %u.",
		    next->serial, s->active->serial);
	if (e != ERR_OK)
		return reason_sys(why, e, "Schedule %u may not follow schedule %u", next->serial,
		    s->active->serial);
	return ERR_OK;
}

/* The text comes last: without it the signature is nothing. */
static enum err
save(int keys, uint32_t serial, const struct buf *text, const struct buf *sig)
{
	char name[SCHEDULE_NAME_MAX];
	enum err e;

	schedule_name(name, serial, SCHEDULE_NAME_SIG);
	if ((e = io_replace(keys, name, sig->p, sig->len, 0600)) != ERR_OK)
		return e;
	schedule_name(name, serial, SCHEDULE_NAME_TEXT);
	return io_replace(keys, name, text->p, text->len, 0600);
}

enum err
schedules_accept(struct schedules *s, int keys, const char *instance,
    const struct minisign_key *root, const struct buf *text, const struct buf *sig, bool *is_gap,
    struct reason *why)
{
	struct schedule *next = NULL;
	struct buf own_text, own_sig;
	enum err e;

	buf_init(&own_text, LIMIT_SCHEDULE);
	buf_init(&own_sig, LIMIT_SIGNATURE);
	if ((e = verify(text, sig, instance, root, &next, why)) != ERR_OK ||
	    (e = judge(s, next, text, is_gap, why)) != ERR_OK)
		goto done;
	if (s->active != NULL && s->active->serial == next->serial)
		goto done;
	if ((e = buf_add(&own_text, text->p, text->len)) != ERR_OK ||
	    (e = buf_add(&own_sig, sig->p, sig->len)) != ERR_OK ||
	    (e = save(keys, next->serial, text, sig)) != ERR_OK) {
		e = reason_sys(why, e, "Can't keep schedule %u in the store", next->serial);
		goto done;
	}
	activate(s, next, &own_text, &own_sig);
	next = NULL; /* now the active one */
done:
	schedule_free(next);
	buf_wipe(&own_text);
	buf_wipe(&own_sig);
	return e;
}

bool
schedules_has_key(const struct schedules *s, int32_t day)
{
	struct schedule_seal seal;
	size_t i;

	for (i = 0; s->active != NULL && i < s->active->n_inboxes; i++)
		if (schedule_current(s->active, i, day, &seal) == ERR_OK)
			return true;
	return false;
}

void
schedules_guess(const struct schedules *s, int32_t day, char inbox[static LIMIT_INBOX_NAME + 1],
    uint32_t *epoch)
{
	struct schedule_seal seal;
	int32_t began;

	memset(inbox, 0, LIMIT_INBOX_NAME + 1);
	*epoch = 1;
	/* A wrong inbox would let the key of the right one be destroyed. */
	if (s->active == NULL || s->active->n_inboxes != 1) {
		memcpy(inbox, SCHEDULE_UNKNOWN, sizeof SCHEDULE_UNKNOWN);
		return;
	}
	memcpy(inbox, s->active->inboxes[0].name, LIMIT_INBOX_NAME + 1);
	/* The upload may have begun days earlier, under the key of that day. */
	for (began = day - LIMIT_UPLOAD_DAYS; began <= day; began++)
		if (schedule_current(s->active, 0, began, &seal) == ERR_OK) {
			*epoch = seal.number;
			return;
		}
}
