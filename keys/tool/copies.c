#include "copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keyring.h"

/* ---- what is there */

static enum err
add(struct copies_ring *r, const struct copies_key *key)
{
	struct copies_key *p;

	if ((p = realloc(r->p, (r->n + 1) * sizeof *p)) == NULL)
		return ERR_NOMEM;
	r->p = p;
	r->p[r->n++] = *key;
	return ERR_OK;
}

static enum err
load_key(struct keystore *k, const struct keystore_epoch *epoch, const struct holders *known,
    struct copies_ring *out, struct tool_fault *f)
{
	struct copies_key key = {.epoch = *epoch};
	struct identity *id = NULL;
	enum err e = ERR_OK;

	key.is_retired = holders_is_retired(known, epoch->inbox, epoch->number);
	if (!key.is_retired && (e = keyring_get(k, epoch, &id, f)) != ERR_OK)
		return e;
	if (id != NULL)
		memcpy(key.recipient, id->pk, AGE_KEY);
	secret_free(id);
	if ((e = add(out, &key)) != ERR_OK)
		tool_refuse(f, e, "", "not enough memory");
	return e;
}

static void
name_folder(struct tool_fault *f, const char *path)
{
	struct tool_fault inner = *f;

	tool_refuse(f, ERR_OK, inner.todo, "%.300s: %.300s", path, inner.what);
}

enum err
copies_load(struct keystore *k, const char *path, const struct holders *known,
    struct copies_ring *out, struct tool_fault *f)
{
	struct copies_ring r = {0};
	struct keyring names = {0};
	enum err e;
	size_t i;

	e = keyring_load(k, &names, f);
	for (i = 0; i < names.n && e == ERR_OK; i++)
		e = load_key(k, &names.p[i], known, &r, f);
	keyring_free(&names);
	if (e == ERR_OK) {
		*out = r;
		return ERR_OK;
	}
	copies_free(&r);
	name_folder(f, path);
	return e;
}

void
copies_free(struct copies_ring *r)
{
	free(r->p);
	*r = (struct copies_ring){0};
}

enum err
copies_note(struct copies_ring *r, const struct keystore_epoch *epoch)
{
	return add(r, &(struct copies_key){.epoch = *epoch});
}

static bool
is_same_epoch(const struct copies_key *a, const struct copies_key *b)
{
	return a->epoch.number == b->epoch.number && strcmp(a->epoch.inbox, b->epoch.inbox) == 0;
}

bool
copies_has(const struct copies_ring *r, const struct copies_key *key)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (is_same_epoch(&r->p[i], key) && !r->p[i].is_retired &&
		    memcmp(r->p[i].recipient, key->recipient, AGE_KEY) == 0)
			return true;
	return false;
}

/* ---- for the log */

static int
by_inbox_and_number(const void *a, const void *b)
{
	const struct keystore_epoch *x = a, *y = b;
	int c = strcmp(x->inbox, y->inbox);

	return c != 0 ? c : (x->number > y->number) - (x->number < y->number);
}

enum err
copies_ranges(const struct copies_ring *a, const struct copies_ring *b, struct buf *out)
{
	struct keyring both = {0};
	enum err e;
	size_t i;

	if ((both.p = calloc(a->n + b->n + 1, sizeof *both.p)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < a->n; i++)
		both.p[both.n++] = a->p[i].epoch;
	for (i = 0; i < b->n; i++)
		both.p[both.n++] = b->p[i].epoch;
	qsort(both.p, both.n, sizeof *both.p, by_inbox_and_number);
	e = record_ranges(&both, out);
	keyring_free(&both);
	return e;
}

/* ---- names */

static bool
is_taken(const struct copies_ring *r, const struct copies_key *key, uint32_t replacement)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (is_same_epoch(&r->p[i], key) && r->p[i].epoch.replacement == replacement)
			return true;
	return false;
}

/* The number behind the newest name of the key's epoch; 0 if it has none. */
static uint32_t
end_of_names(const struct copies_ring *r, const struct copies_key *key)
{
	uint32_t end = 0;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (is_same_epoch(&r->p[i], key) && r->p[i].epoch.replacement >= end)
			end = r->p[i].epoch.replacement + 1;
	return end;
}

void
copies_place(const struct copies_ring *r, const struct copies_key *key, uint32_t *replacement)
{
	uint32_t own = key->epoch.replacement;

	*replacement = is_taken(r, key, own) ? end_of_names(r, key) : own;
}

static bool
is_listed(const struct schedule *s, const struct copies_key *key)
{
	size_t i, inbox;

	if (s == NULL || schedule_find_inbox(s, key->epoch.inbox, &inbox) != ERR_OK)
		return false;
	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == inbox && s->epochs[i].number == key->epoch.number &&
		    memcmp(s->epochs[i].recipient, key->recipient, AGE_KEY) == 0)
			return true;
	return false;
}

bool
copies_place_listed(const struct copies_ring *r, const struct copies_key *key,
    const struct schedule *s, uint32_t *replacement)
{
	uint32_t end = end_of_names(r, key), own = key->epoch.replacement, at;

	if (end == 0 || is_listed(s, key)) {
		*replacement = end == 0 || own > end ? own : end;
		return true;
	}
	if (own < end - 1 && !is_taken(r, key, own)) {
		*replacement = own;
		return true;
	}
	for (at = end - 1; at > 0; at--)
		if (!is_taken(r, key, at - 1)) {
			*replacement = at - 1;
			return true;
		}
	return false;
}

enum err
copies_take(struct keystore *from, const struct copies_key *key, struct keystore *to,
    uint32_t replacement, struct copies_ring *there, struct tool_fault *f)
{
	struct copies_key new = *key;
	struct identity *id = NULL;
	enum err e;

	new.epoch.replacement = replacement;
	if ((e = keyring_get(from, &key->epoch, &id, f)) != ERR_OK)
		return e;
	if ((e = keystore_put_key(to, &new.epoch, id, clock_today())) != ERR_OK ||
	    (e = add(there, &new)) != ERR_OK)
		tool_refuse(f, e, "Run the same command again: it goes on where it stopped.",
		    "the key of %s %u: %s", key->epoch.inbox, key->epoch.number, tool_reason(e));
	secret_free(id);
	return e;
}
