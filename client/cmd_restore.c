#include <stdio.h>

#include "backup.h"
#include "cmd.h"

static int
run(const struct cmd_options *o)
{
	struct backup_restored r = {0};
	struct secret_text pass = {0};
	struct backup_job job = {
	    .file = o->args[0], .path = o->vault, .keys = o->keys, .pass = &pass};
	enum err e;
	int code;

	if (o->keys == NULL) {
		cmd_fail(NULL, "restore: with which key store? Add --keys KEYS");
		return CMD_USAGE;
	}
	if ((code = cmd_passphrase(o, o->keys, &pass)) != CMD_DONE)
		return code;
	e = backup_restore(&job, &r);
	secret_text_wipe(&pass);
	if (e != ERR_OK) {
		cmd_fault(e, &r.fault);
		return cmd_fail(NULL, "Nothing was restored.");
	}
	printf("The vault is back, with %zu submission%s. What came after the backup isn't in it:\n"
	       "import the last bundles again.\n",
	    r.items, r.items == 1 ? "" : "s");
	return CMD_DONE;
}

const struct cmd cmd_restore = {
    .name = "restore",
    .usage = "VAULT FILE --keys KEYS",
    .summary = "a vault from its backup",
    .help = "Makes VAULT, a new or an empty folder, from what `backup` wrote. Every byte is\n"
	    "verified before it is written. The next `outbox` needs --after when the server\n"
	    "has taken answers that were made after the backup; it says so.\n",
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
