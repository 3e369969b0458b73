#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "cmd.h"
#include "needed.h"

#define OUT_MAX (64 * LIMIT_MIB)
#define SIG_EXT ".minisig"

static const char *const words[NEEDS_WHYS] = {
    [NEEDS_UNREAD] = "not reviewed",
    [NEEDS_MISSING] = "never arrived",
    [NEEDS_SERVER] = "done, but the server may still have it",
};

/* ---- for people */

static enum err
put_epochs(struct buf *out, const struct needed *n)
{
	uint32_t i = 0, k, counts[NEEDS_WHYS];
	enum err e = ERR_OK;
	unsigned why;

	while (i < n->head.n_items && e == ERR_OK) {
		memset(counts, 0, sizeof counts);
		for (k = i; k < n->head.n_items && n->items[k].epoch == n->items[i].epoch &&
			    strcmp(n->items[k].inbox, n->items[i].inbox) == 0;
		     k++)
			counts[n->items[k].why]++;
		e = buf_addf(out, "%s %u is still needed:", n->items[i].inbox, n->items[i].epoch);
		for (why = 0; why < NEEDS_WHYS && e == ERR_OK; why++)
			if (counts[why] > 0)
				e = buf_addf(out, " %u %s;", counts[why], words[why]);
		out->p[out->len - 1] = '\n';
		i = k;
	}
	return e;
}

static enum err
put_summary(struct buf *out, const struct needed *n)
{
	char day[DATE_DAY_LEN + 1];
	enum err e;

	if ((e = put_epochs(out, n)) != ERR_OK)
		return e;
	if (n->head.inventory == 0)
		return buf_add_str(out,
		    "No bundle with a complete list was imported yet: `sealslotd export --all` makes "
		    "one.\n");
	date_format(day, n->head.inventory_made);
	return buf_addf(out,
	    "The newest complete list of the server's submissions is of %s, bundle %u.\n", day,
	    n->head.inventory);
}

/* ---- for sealslot-keys retire */

static int
fail_file(const char *file, enum err e)
{
	if (e == ERR_EXISTS)
		return cmd_fail(
		    file, "exists already, and nothing is overwritten. Give another name.");
	return cmd_fail(file, "%s.", cmd_why_todo(e));
}

static int
write_files(struct vault *v, const struct needed *n, const char *file)
{
	char name[PATH_MAX + sizeof SIG_EXT];
	struct buf text, sig;
	int code = CMD_DONE;
	enum err e;

	if ((size_t)snprintf(name, sizeof name, "%s" SIG_EXT, file) >= sizeof name)
		return fail_file(file, ERR_LIMIT);
	buf_init(&text, LIMIT_NEEDS);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = needed_format(n, &text)) != ERR_OK)
		code = fail_file(file, e);
	else if ((e = needed_sign(v, n, &text, &sig)) != ERR_OK)
		code = cmd_fail(
		    NULL, "the reply key of the key store can't be used: %s.", cmd_why_todo(e));
	else if ((e = io_write_new(AT_FDCWD, name, sig.p, sig.len, 0600)) != ERR_OK)
		code = fail_file(name, e);
	else if ((e = io_write_new(AT_FDCWD, file, text.p, text.len, 0600)) != ERR_OK)
		code = fail_file(file, e);
	buf_wipe(&sig);
	buf_wipe(&text);
	return code;
}

static int
tell(struct vault *v, const struct cmd_options *o)
{
	struct needed n = {0};
	int code = CMD_DONE;
	struct buf out;
	enum err e;

	buf_init(&out, OUT_MAX);
	if ((e = vault_name(v)) == ERR_OK && (e = vault_commit(v)) == ERR_OK &&
	    (e = needed_make(v, &n)) == ERR_OK && (e = put_summary(&out, &n)) == ERR_OK)
		cmd_flush(&out);
	else
		code = cmd_fail(o->vault, "it can't be said what is needed: %s.", cmd_why_todo(e));
	if (code == CMD_DONE && o->n_args > 0 &&
	    (code = write_files(v, &n, o->args[0])) == CMD_DONE) {
		if (buf_add_str(&out, "Next: sealslot-keys retire KEYS --needs ") == ERR_OK)
			cmd_put(&out, o->args[0]);
		if (buf_add_str(&out, "\n") == ERR_OK)
			cmd_flush(&out);
	}
	needed_wipe(&n);
	buf_wipe(&out);
	return code;
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	int code;

	if ((code = cmd_open_write(o, &v)) == CMD_DONE)
		code = tell(v, o);
	vault_free(v);
	return code;
}

const struct cmd cmd_needs = {
    .name = "needs",
    .usage = "VAULT [FILE]",
    .summary = "which epoch keys are still needed, for sealslot-keys retire",
    .help = "Says which epochs still have submissions that nobody has reviewed, that never\n"
	    "arrived, or that the server may still have. With FILE it writes the same for\n"
	    "sealslot-keys retire, signed by the desk's reply key (FILE and FILE.minisig).\n",
    .args_max = 1,
    .run = run,
};
