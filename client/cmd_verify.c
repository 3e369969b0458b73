#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "item.h"
#include "verify.h"

#define PROGRESS_STEP (64 * LIMIT_MIB)

struct tally {
	size_t good, unopened, bad;
	size_t at, of;  /* the item under way, from 1; how many there are */
	uint64_t bytes; /* of sealed files that are done */
	uint64_t seen;  /* content bytes of the one under way */
};

static void
show_progress(const struct tally *t)
{
	char done[CMD_SIZE_ROOM];

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu of %zu, %s", t->at, t->of,
		    cmd_size(done, t->bytes + t->seen));
}

/* Content on its way through. */
static enum err
watch(void *ctx, const void *p, size_t n)
{
	struct tally *t = ctx;
	uint64_t before = t->seen;

	(void)p;
	t->seen += n;
	if (before / PROGRESS_STEP != t->seen / PROGRESS_STEP)
		show_progress(t);
	return ERR_OK;
}

static void
clear_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* What a result means for somebody who has to do something about it. */
static void
tell(const struct catalog_item *row, const struct verify_result *r, struct tally *t)
{
	if (r->file == ERR_OK && r->open == ERR_OK) {
		t->good++;
		return;
	}
	clear_progress();
	if (r->file == ERR_NOTFOUND) {
		t->bad++;
		cmd_fail(row->id, "its file is gone from the vault. Import a bundle that has it, "
				  "or restore a backup.");
	} else if (r->file == ERR_AUTH) {
		t->bad++;
		cmd_fail(row->id, "its file was changed or damaged in this vault: it isn't what "
				  "the server sent. Import a bundle that has it again, or "
				  "restore a backup.");
	} else if (r->file != ERR_OK) {
		t->bad++;
		cmd_fail(row->id, "its file can't be read: %s.", cmd_why(r->file));
	} else if (r->open == ERR_NOMATCH) {
		t->unopened++;
		printf("%s  as the server sent it; the key store has no key to look inside\n",
		    row->id);
	} else {
		t->bad++;
		cmd_fail(row->id, "it is what the server sent, but can't be trusted: %s.",
		    err_text(r->open));
	}
}

static int
verify_one(struct vault *v, const struct catalog_item *row, struct tally *t)
{
	struct verify_result r = {ERR_OK, ERR_OK};
	enum err e;

	t->seen = 0;
	t->at++;
	show_progress(t);
	if ((e = verify_item(v, row, (struct sink){watch, t}, &r)) != ERR_OK)
		return cmd_fail(row->id, "%s.", cmd_why(e));
	t->seen = 0;
	t->bytes += row->size;
	tell(row, &r, t);
	return CMD_DONE;
}

static int
verify_all(struct vault *v, struct tally *t)
{
	const struct catalog *c = &v->catalog;
	int code = CMD_DONE;
	size_t i;

	for (i = 0; i < c->n_items; i++)
		t->of += c->items[i]->state != CATALOG_MISSING;
	for (i = 0; code == CMD_DONE && i < c->n_items; i++)
		if (c->items[i]->state != CATALOG_MISSING)
			code = verify_one(v, c->items[i], t);
	return code;
}

static int
verify_some(struct vault *v, const struct cmd_options *o, struct tally *t)
{
	const struct catalog_item *row;
	int code = CMD_DONE;
	size_t i;

	t->of = o->n_args;
	for (i = 0; code == CMD_DONE && i < o->n_args; i++)
		if ((code = cmd_find(v, o->args[i], &row)) == CMD_DONE)
			code = verify_one(v, row, t);
	return code;
}

static int
run(const struct cmd_options *o)
{
	struct tally t = {0};
	char bytes[CMD_SIZE_ROOM];
	struct vault *v = NULL;
	int code;

	if ((code = cmd_open(o, &v)) != CMD_DONE)
		return code;
	code = o->n_args == 0 ? verify_all(v, &t) : verify_some(v, o, &t);
	clear_progress();
	if (code == CMD_DONE) {
		printf("%zu verified to the last byte, %zu without a key, %zu bad; %s read.\n",
		    t.good, t.unopened, t.bad, cmd_size(bytes, t.bytes));
		code = t.bad == 0 ? CMD_DONE : CMD_FAILED;
	}
	vault_free(v);
	return code;
}

const struct cmd cmd_verify = {
    .name = "verify",
    .usage = "VAULT [ID ...]",
    .summary = "check every byte of all submissions, or of some",
    .help = "Compares each file with the hash in the server's signed list, opens every part\n"
	    "of it, and checks every checksum inside. Without an ID all of the vault.\n",
    .args_max = 9999,
    .run = run,
};
