#include <stdio.h>

#include "cmd.h"

static int
run(const struct cmd_options *o)
{
	struct vault_fault fault = {"", NULL};
	struct secret_text pass = {0};
	struct vault_access how = {
	    .path = o->vault, .keys = o->keys, .root = o->root, .pass = &pass};
	struct buf out;
	enum err e;
	int code;

	if (o->keys == NULL) {
		cmd_fail(NULL, "init: which key store? Add --keys KEYS");
		return CMD_USAGE;
	}
	if ((code = cmd_passphrase(o, o->keys, &pass)) != CMD_DONE)
		return code;
	e = vault_create(&how, &fault);
	secret_text_wipe(&pass);
	if (e != ERR_OK)
		return cmd_fault(e, &fault);
	buf_init(&out, 2 * PATH_MAX * 6);
	if (buf_add_str(&out, "The vault is ready. Next: " CMD_PROGRAM " import ") == ERR_OK)
		cmd_put(&out, o->vault);
	if (buf_add_str(&out, " BUNDLE.tar\n") == ERR_OK)
		cmd_flush(&out);
	buf_wipe(&out);
	return CMD_DONE;
}

const struct cmd cmd_init = {
    .name = "init",
    .usage = "VAULT --keys KEYS [--root ROOT.PUB] [--passphrase-file FILE]",
    .summary = "make a vault for the submissions that a key store opens",
    .help =
	"Makes the folder VAULT and records where the key store KEYS is. No key is copied\n"
	"into the vault: without the key store and its passphrase it shows nothing but\n"
	"how many submissions there are, and how large.\n"
	"\n"
	"  --keys KEYS             the key store that sealslot-keys made\n"
	"  --root ROOT.PUB         the root key, where the key store has none: a desk whose keys\n"
	"                          stand in another desk's schedule\n",
    .options = CMD_OPT_ROOT,
    .run = run,
};
