#include "copy_open.h"

#include <string.h>

#include "ceremony.h"
#include "keyring.h"
#include "record.h"
#include "tool_open.h"
#include "tool_passphrase.h"

static enum err
create(struct copy *c, struct tool_fault *f)
{
	struct secret_text pass = {0};
	enum err e;

	if ((e = tool_passphrase_new(c->to_pass, &pass, f)) != ERR_OK)
		return e;
	if ((e = keystore_create(c->to_path, &pass)) == ERR_MODE)
		tool_refuse_folder(f, e, c->to_path);
	else if (e != ERR_OK)
		tool_refuse(f, e,
		    e == ERR_NOSPACE || e == ERR_SYS
			? "Put that right, then run the same command again, or give another place."
			: "Give a folder that doesn't exist yet, or an earlier copy.",
		    "%s: %s", c->to_path, tool_reason(e));
	else
		e = tool_open_with(c->to_path, &pass, &c->to, f);
	secret_text_wipe(&pass);
	return e;
}

static enum err
open_existing(struct copy *c, struct tool_fault *f)
{
	struct secret_text pass = {0};
	enum err e;

	if (tool_has_file(c->to_path, TOOL_ROOT))
		return tool_refuse(f, ERR_USAGE, "Give a folder that doesn't exist yet, or a copy.",
		    "%s: this key store has a root key; it isn't a copy", c->to_path);
	if ((e = tool_passphrase(c->to_pass, "Passphrase of the copy: ", &pass, f)) == ERR_OK)
		e = tool_open_with(c->to_path, &pass, &c->to, f);
	secret_text_wipe(&pass);
	return e;
}

/* The id that the copy was made under, from its log; a new one if it has none yet. */
static enum err
find_id(struct copy *c, bool *is_new, struct tool_fault *f)
{
	struct record r;
	struct lines at;
	struct buf log;
	enum err e;

	if ((e = record_read(c->to, &log, f)) != ERR_OK)
		return e;
	random_id(c->id);
	*is_new = true;
	lines_init(&at, log.p, log.len);
	while (record_next(&at, &r))
		if (lines_is(r.event, RECORD_COPY_OF) && r.rest.len == RANDOM_ID_LEN) {
			memcpy(c->id, r.rest.p, RANDOM_ID_LEN);
			*is_new = false;
		}
	buf_wipe(&log);
	return ERR_OK;
}

/* A copy that was cut off before it had anything: unlock.age and nothing else. */
static enum err
is_empty(struct copy *c, bool *out, struct tool_fault *f)
{
	struct keyring ring = {0};
	enum err e;

	if ((e = keyring_load(c->to, &ring, f)) == ERR_OK)
		*out = ring.n == 0 && !tool_has_file(c->to_path, TOOL_REPLY) &&
		       !tool_has_file(c->to_path, TOOL_INSTANCE);
	keyring_free(&ring);
	return e;
}

static enum err
read_reply_pub(const struct copy *c, bool *is_same, struct tool_fault *f)
{
	struct minisign_key ours, theirs;
	enum err e;

	*is_same = false;
	if (!tool_has_file(c->to_path, TOOL_REPLY_PUB))
		return ERR_OK;
	if ((e = tool_read_key(keystore_dir(c->from), TOOL_REPLY_PUB, &ours, f)) == ERR_OK &&
	    (e = tool_read_key(keystore_dir(c->to), TOOL_REPLY_PUB, &theirs, f)) == ERR_OK)
		*is_same = memcmp(ours.pk, theirs.pk, sizeof ours.pk) == 0;
	return e;
}

/*
 * What is brought up to date loses keys, so it must be a copy of this key store: its own log says
 * so, under an id that KEYS knows; or, when KEYS came back from a backup that was made before, it
 * is a copy of the same desk.
 */
static enum err
check_copy(struct copy *c, struct tool_fault *f)
{
	bool is_new, is_known;
	enum err e;

	if ((e = find_id(c, &is_new, f)) != ERR_OK)
		return e;
	if (is_new)
		e = is_empty(c, &is_known, f);
	else if (!(is_known = holders_was(&c->known, RECORD_COPY, c->id)))
		e = read_reply_pub(c, &is_known, f);
	if (e != ERR_OK || is_known)
		return e;
	return tool_refuse(f, ERR_USAGE,
	    "Nothing was changed. Give a folder that doesn't exist yet, or a copy of this key store.",
	    is_new ? "%s: this is a key store of its own, not a copy of another"
		   : "%s: this is a copy of another key store",
	    c->to_path);
}

static enum err
check_instance(struct copy *c, struct tool_fault *f)
{
	char other[SCHEDULE_INSTANCE_LEN + 1];
	enum err e;

	/* A copy that was begun has none yet. */
	if (!tool_has_file(c->to_path, TOOL_INSTANCE))
		return ERR_OK;
	if ((e = tool_read_instance(c->to, other, sizeof other, f)) != ERR_OK)
		return e;
	if (strcmp(other, c->instance) != 0)
		return tool_refuse(f, ERR_USAGE, "Give another folder.",
		    "%s: it is a key store of another instance", c->to_path);
	return ERR_OK;
}

enum err
copy_open(struct copy *c, struct tool_fault *f)
{
	enum err e;

	if ((e = tool_open_locked(c->from_path, c->from_pass, &c->from, f)) != ERR_OK ||
	    (e = ceremony_no_handover(c->from, f)) != ERR_OK ||
	    (e = ceremony_no_next_reply(c->from, f)) != ERR_OK ||
	    (e = tool_read_instance(c->from, c->instance, sizeof c->instance, f)) != ERR_OK)
		return e;
	e = tool_has_file(c->to_path, KEYSTORE_UNLOCK) ? open_existing(c, f) : create(c, f);
	if (e != ERR_OK || (e = tool_lock(c->to, c->to_path, f)) != ERR_OK ||
	    (e = check_instance(c, f)) != ERR_OK ||
	    (e = holders_load(c->from, &c->known, f)) != ERR_OK || (e = check_copy(c, f)) != ERR_OK)
		return e;
	return holders_load(c->to, &c->copy_knows, f);
}
