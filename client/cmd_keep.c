#include <stdio.h>

#include "base/text.h"
#include "cmd.h"
#include "keep.h"

static int
fail_keep(const struct catalog_item *row, enum err e)
{
	if (e == ERR_AUTH && row->state == CATALOG_OPENED)
		return cmd_fail(row->id,
		    "it isn't what the server sent, or is damaged inside; it was "
		    "not kept. `verify` tells which.");
	if (e == ERR_NOMATCH && row->is_kept)
		return cmd_fail(row->id,
		    "the copy that was kept of it isn't whole any more, and the key of its epoch "
		    "is gone. Restore a backup of the vault.");
	if (e == ERR_NOSPACE)
		return cmd_fail(row->id,
		    "there is no room for a second copy of it. It was not kept: make room in the "
		    "vault, then keep it again.");
	if (e == ERR_SYS)
		return cmd_fail(row->id,
		    "%s. It was not kept. `verify` tells whether its file can be read.",
		    cmd_why(e));
	return cmd_fail_item(row, e);
}

static int
keep(struct vault *v, const char *prefix)
{
	char sha[2 * SHA256_LEN + 1];
	const struct catalog_item *row;
	enum err e;
	int code;

	if ((code = cmd_find(v, prefix, &row)) != CMD_DONE)
		return code;
	if (row->state == CATALOG_MISSING)
		return cmd_fail_item(row, ERR_NOTFOUND);
	if ((e = keep_item(v, row)) != ERR_OK)
		return fail_keep(row, e);
	if ((e = vault_commit(v)) != ERR_OK)
		return cmd_fail(NULL, "the ledger can't be written: %s.", cmd_why_todo(e));
	text_hex(sha, row->original, SHA256_LEN);
	printf("%s  kept; SHA-256 of the file that the server sent: %s\n", row->id, sha);
	return CMD_DONE;
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	int code;
	size_t i;

	code = cmd_open_write(o, &v);
	for (i = 0; i < o->n_args && code == CMD_DONE; i++)
		code = keep(v, o->args[i]);
	vault_free(v);
	return code;
}

const struct cmd cmd_keep = {
    .name = "keep",
    .usage = "VAULT ID ...",
    .summary = "seal submissions to the vault's own key, to stay readable",
    .help = "Verifies every byte of a submission and seals it anew, to the archive key of the\n"
	    "vault: it can then be opened when the key of its epoch is gone. It counts as\n"
	    "reviewed. Whoever has the key store, its passphrase and the vault can open it for\n"
	    "ever: keep only what must be kept.\n",
    .args_min = 1,
    .args_max = 9999,
    .run = run,
};
