#include "renew_reply.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "open/keystore_file.h"

/* reply.pub is written last: after a run that was cut off it may still be the one before. */
static enum err
mend_pub(struct renew_reply *r, struct tool_fault *f)
{
	struct tool_fault ignored;
	struct minisign_key pub;

	if (tool_read_key(keystore_dir(r->k), TOOL_REPLY_PUB, &pub, &ignored) == ERR_OK &&
	    memcmp(&pub, &r->key->public, sizeof pub) == 0)
		return ERR_OK;
	return tool_write_key(r->k, TOOL_REPLY_PUB, "reply", r->instance, &r->key->public, f);
}

/* Without a schedule nothing speaks against a key. */
static bool
is_listed(const struct renew_reply *r)
{
	const struct schedule *s = r->listed;
	size_t i;

	for (i = 0; s != NULL && i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, r->key->public.pk, MINISIGN_PK) == 0)
			return true;
	return s == NULL;
}

static enum err
rename_next(struct renew_reply *r, struct tool_fault *f)
{
	int dir = keystore_dir(r->k);

	if (renameat(dir, TOOL_NEXT_REPLY, dir, TOOL_REPLY) == -1 || fsync(dir) == -1)
		return tool_refuse(f, io_errno(),
		    "Run the same command again: it goes on where it stopped.", TOOL_REPLY ": %s",
		    tool_reason(ERR_SYS));
	return mend_pub(r, f);
}

/* One that no schedule lists is destroyed: who stole the key store meanwhile has it. */
static enum err
make_next(struct renew_reply *r, struct tool_fault *f)
{
	enum err e;

	e = keystore_file_destroy(keystore_dir(r->k), TOOL_NEXT_REPLY);
	if (e == ERR_OK || e == ERR_NOTFOUND) {
		sign_key_new(r->key);
		e = keystore_put_sign(r->k, TOOL_NEXT_REPLY, r->key);
	}
	r->swaps = true;
	return e == ERR_OK ? ERR_OK : tool_refuse(f, e, "", TOOL_NEXT_REPLY ": %s", tool_reason(e));
}

/*
 * The key that is listed no more, for the next one. If the own one isn't listed, a backup brought
 * it back: then the one that took its place is lost, and it is the only one that is listed, if
 * there is only this desk.
 */
static void
find_before(struct renew_reply *r)
{
	r->before = r->key->public;
	if (is_listed(r))
		return;
	r->has_stale = r->listed->n_reply_keys > 1;
	if (r->listed->n_reply_keys == 1)
		r->before = r->listed->reply_keys[0];
}

enum err
renew_reply_load(struct renew_reply *r, struct tool_fault *f)
{
	bool has_next;
	enum err e;

	if ((r->key = secret_new(sizeof *r->key)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	e = keystore_get_sign(r->k, TOOL_NEXT_REPLY, r->key);
	if (keystore_is_noise(e) &&
	    (e = keystore_file_destroy(keystore_dir(r->k), TOOL_NEXT_REPLY)) == ERR_OK)
		e = ERR_NOTFOUND;
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return tool_refuse(f, e, "", TOOL_NEXT_REPLY ": %s", tool_reason(e));
	has_next = e == ERR_OK;
	if (has_next && r->listed != NULL && is_listed(r)) {
		if ((e = rename_next(r, f)) != ERR_OK)
			return e;
		r->has_swapped = true;
		has_next = false;
	}
	if ((e = keystore_get_sign(r->k, TOOL_REPLY, r->key)) != ERR_OK)
		return tool_refuse(f, e, "Restore this file from the backup of the key store.",
		    TOOL_REPLY ": %s", tool_reason(e));
	if (!has_next && !r->must_go && is_listed(r))
		return mend_pub(r, f);
	find_before(r);
	return make_next(r, f);
}

enum err
renew_reply_swap(struct renew_reply *r, struct tool_fault *f)
{
	return r->swaps ? rename_next(r, f) : ERR_OK;
}

void
renew_reply_undo(struct renew_reply *r)
{
	if (r->swaps && keystore_file_destroy(keystore_dir(r->k), TOOL_NEXT_REPLY) != ERR_OK)
		return; /* it stays, as after a run that was cut off */
}

void
renew_reply_wipe(struct renew_reply *r)
{
	secret_free(r->key);
	*r = (struct renew_reply){0};
}
