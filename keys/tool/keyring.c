#include "keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "holders.h"

enum err
keyring_load(const struct keystore *k, struct keyring *out, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_list_epochs(k, &out->p, &out->n)) != ERR_OK)
		tool_refuse(f, e, "", KEYSTORE_EPOCHS ": %s", tool_reason(e));
	return e;
}

void
keyring_free(struct keyring *r)
{
	free(r->p);
	*r = (struct keyring){0};
}

bool
keyring_newest(
    const struct keyring *r, const char *inbox, uint32_t number, struct keystore_epoch *out)
{
	bool found = false;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->p[i].number == number && strcmp(r->p[i].inbox, inbox) == 0) {
			*out = r->p[i];
			found = true;
		}
	return found;
}

static enum err
refuse(struct tool_fault *f, enum err e, const struct keystore_epoch *epoch, const char *todo)
{
	char replacement[16] = "";

	if (epoch->replacement != 0)
		snprintf(replacement, sizeof replacement, ".%u", epoch->replacement);
	if (e == ERR_MODE)
		todo = "Nothing was signed. Make it yours alone: chmod 600 FILE.";
	return tool_refuse(f, e, todo, KEYSTORE_EPOCHS "/%s-%u%s.age: %s", epoch->inbox,
	    epoch->number, replacement,
	    e == ERR_NOMATCH ? "it isn't the key that the schedule lists" : tool_reason(e));
}

enum err
keyring_refuse(struct tool_fault *f, enum err e, const struct keystore_epoch *epoch)
{
	return refuse(f, e, epoch,
	    "Nothing was signed. Restore this file from a backup of the key store; if none has it: revoke --lost.");
}

/* Does the log say that it is being destroyed? Keeps errno. */
static bool
is_begun(const struct keystore *k, const struct keystore_epoch *epoch)
{
	struct holders known = {0};
	struct tool_fault ignored;
	int why = errno;
	bool is_retired;

	is_retired = holders_load(k, &known, &ignored) == ERR_OK &&
		     holders_is_retired(&known, epoch->inbox, epoch->number);
	holders_wipe(&known);
	errno = why;
	return is_retired;
}

enum err
keyring_get(struct keystore *k, const struct keystore_epoch *epoch, struct identity **out,
    struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_get_key(k, epoch, out)) == ERR_OK)
		return ERR_OK;
	/* Restoring the file would undo it. */
	if (is_begun(k, epoch))
		return refuse(f, e, epoch,
		    "A retire that was cut off has begun to destroy it. Run that retire again; it "
		    "finishes what it has begun.");
	return keyring_refuse(f, e, epoch);
}

enum err
keyring_make(struct keystore *k, const struct keystore_epoch *epoch,
    uint8_t recipient[static AGE_KEY], struct tool_fault *f)
{
	struct identity *id = NULL;
	enum err e;

	if ((e = identity_new(&id)) == ERR_OK &&
	    (e = keystore_put_key(k, epoch, id, clock_today())) == ERR_OK)
		memcpy(recipient, id->pk, AGE_KEY);
	else
		refuse(f, e, epoch, "Nothing was signed.");
	secret_free(id);
	return e;
}
