#include "undo.h"

#include <string.h>

enum err
undo_begin(struct undo *u, const struct keystore *k, struct tool_fault *f)
{
	enum err e;

	if ((e = keyring_load(k, &u->before, f)) == ERR_OK)
		u->has_begun = true;
	return e;
}

static bool
was_there(const struct undo *u, const struct keystore_epoch *key)
{
	const struct keystore_epoch *p = u->before.p;
	size_t i;

	for (i = 0; i < u->before.n; i++)
		if (p[i].number == key->number && p[i].replacement == key->replacement &&
		    strcmp(p[i].inbox, key->inbox) == 0)
			return true;
	return false;
}

void
undo_keys(const struct undo *u, struct keystore *k)
{
	struct tool_fault ignored;
	struct keyring now = {0};
	enum err e;
	size_t i;

	if (!u->has_begun)
		return;
	e = keyring_load(k, &now, &ignored);
	for (i = 0; i < now.n && e == ERR_OK; i++)
		if (!was_there(u, &now.p[i]))
			e = keystore_remove_key(k, &now.p[i]);
	keyring_free(&now);
}

void
undo_wipe(struct undo *u)
{
	keyring_free(&u->before);
	*u = (struct undo){0};
}
