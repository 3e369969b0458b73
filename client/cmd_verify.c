#include <errno.h>
#include <stdbool.h>
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

static const char *
why(const struct verify_part *p)
{
	errno = p->why;
	return cmd_why(p->e);
}

/* What a medium says is no word about what lies on it. */
static bool
is_medium(const struct verify_part *p)
{
	enum catalog_state state;

	return p->e != ERR_OK && !item_state_of(p->e, &state);
}

/* The server's file; false: nothing can be said about what is in it. */
static bool
tell_file(const struct catalog_item *row, const struct verify_part *file)
{
	if (file->e == ERR_OK)
		return true;
	if (file->e == ERR_NOTFOUND)
		cmd_fail(row->id, "its file is gone from the vault. Import a bundle that has it, "
				  "or restore a backup.");
	else if (file->e == ERR_AUTH)
		cmd_fail(row->id, "its file was changed or damaged in this vault: it isn't what "
				  "the server sent. Import a bundle that has it again, or "
				  "restore a backup.");
	else
		cmd_fail(row->id,
		    "its file can't be read: %s. Verify it again; if it stays so, the medium fails: "
		    "import a bundle that has it again, or restore a backup on another medium.",
		    why(file));
	return false;
}

static bool
tell_open(const struct catalog_item *row, const struct verify_part *open)
{
	if (open->e == ERR_OK || open->e == ERR_NOMATCH)
		return true;
	if (is_medium(open))
		cmd_fail(row->id,
		    "it is what the server sent, but not all of it could be opened: %s. Verify it "
		    "again.",
		    why(open));
	else
		cmd_fail(row->id, "it is what the server sent, but can't be trusted: %s.",
		    err_text(open->e));
	return false;
}

static bool
tell_kept(const struct catalog_item *row, const struct verify_part *kept)
{
	if (kept->e == ERR_OK)
		return true;
	if (kept->e == ERR_NOTFOUND)
		cmd_fail(row->id, "the copy that was kept of it is gone from the vault. `keep` it "
				  "again, or restore a backup.");
	else if (is_medium(kept))
		cmd_fail(row->id,
		    "the copy that was kept of it can't be read: %s. Verify it again; if it stays "
		    "so, `keep` it again, or restore a backup.",
		    why(kept));
	else
		cmd_fail(row->id,
		    "the copy that was kept of it can't be trusted: %s. `keep` it again, or "
		    "restore a backup.",
		    err_text(kept->e));
	return false;
}

/* What a result means for somebody who has to do something about it. */
static void
tell(const struct catalog_item *row, const struct verify_result *r, struct tally *t)
{
	bool is_good;

	clear_progress();
	is_good = tell_file(row, &r->file) && tell_open(row, &r->open);
	is_good = tell_kept(row, &r->kept) && is_good;
	if (!is_good) {
		t->bad++;
	} else if (r->open.e == ERR_NOMATCH && !row->is_kept) {
		t->unopened++;
		printf("%s  as the server sent it; the key store has no key to look inside\n",
		    row->id);
	} else {
		t->good++;
	}
}

static int
verify_one(struct vault *v, const struct catalog_item *row, struct tally *t)
{
	struct verify_result r = {0};
	enum err e;

	t->seen = 0;
	t->at++;
	show_progress(t);
	if ((e = verify_item(v, row, (struct sink){watch, t}, &r)) != ERR_OK)
		return cmd_fail(row->id, "%s.", cmd_why_todo(e));
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
	    "of it, and checks every checksum inside; so too the copy of what was kept.\n"
	    "Without an ID all of the vault.\n",
    .args_max = 9999,
    .run = run,
};
