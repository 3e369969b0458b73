#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/sha256.h"
#include "base/text.h"
#include "cmd.h"
#include "keep.h"
#include "name.h"
#include "newfile.h"
#include "parts.h"

#define OUT_MAX (64 * LIMIT_KIB)

/* The joined file's bytes, on their way through a hash. */
struct writer {
	int fd;
	struct sha256 hash;
};

static enum err
put(void *ctx, const void *p, size_t n)
{
	struct writer *w = ctx;

	sha256_put(&w->hash, p, n);
	return io_write_all(w->fd, p, n);
}

static int
fail_find(const struct catalog_item *row, enum err e)
{
	if (e == ERR_NOTFOUND)
		return cmd_fail(row->id,
		    "this submission has no part of such a file: parts are called name.part1, "
		    "name.001 or xaa, or in a whole sequence name.aa, name.00 or x00.");
	if (e == ERR_AMBIGUOUS)
		return cmd_fail(row->id,
		    "this submission has parts of several files. Add which one: "
		    "the name without its number.");
	if (e == ERR_EXISTS)
		return cmd_fail(row->id, "the source sent one part twice, with different contents. "
					 "`extract` gives both: choose one.");
	return cmd_fail_item(row, e);
}

/* The missing part may lie in one of these. */
static void
name_closed(const struct parts_search *s)
{
	size_t i;

	for (i = 0; i < s->n_closed; i++)
		cmd_fail(s->closed[i]->id,
		    "this submission of the same source can't be opened (any more): what "
		    "is missing may be in it. `show` tells why.");
}

static int
fail_missing(const struct parts *p, const struct parts_search *s)
{
	size_t i;

	for (i = p->name.number; i < p->n; i++)
		if (p->all[i].item == NULL)
			cmd_fail(p->name.base, "part %zu hasn't come yet.", i);
	name_closed(s);
	return cmd_fail(NULL, "%zu of %zu parts %s missing. Nothing was joined.", p->missing,
	    p->n - p->name.number, p->missing == 1 ? "is" : "are");
}

static int
report(const struct parts *p, const char *name, struct writer *w)
{
	char size[CMD_SIZE_ROOM], hex[2 * SHA256_LEN + 1];
	uint8_t hash[SHA256_LEN];
	struct buf out;

	sha256_finish(&w->hash, hash);
	text_hex(hex, hash, SHA256_LEN);
	buf_init(&out, OUT_MAX);
	cmd_put(&out, name);
	cmd_flush(&out);
	buf_wipe(&out);
	printf(": %zu parts, %s, SHA-256 %s\nWhether more parts are to come, only the source "
	       "knows.\n",
	    p->n - p->name.number, cmd_size(size, p->size), hex);
	return CMD_DONE;
}

static int
write_file(struct vault *v, struct parts *p, const char *to, int dir)
{
	struct newfile f = NEWFILE_NONE;
	char name[NAME_MAX_LEN + 1];
	struct writer w;
	int code;
	enum err e;

	name_clean(name, "files/001-joined", p->name.kind == PARTS_SPLIT ? "joined" : p->name.base,
	    strlen(p->name.kind == PARTS_SPLIT ? "joined" : p->name.base));
	sha256_init(&w.hash);
	if ((e = newfile_begin(&f, dir)) == ERR_OK) {
		w.fd = f.fd;
		if ((e = parts_join(v, p, (struct sink){put, &w})) == ERR_OK &&
		    (e = io_sync(f.fd)) == ERR_OK)
			e = newfile_name_synced(&f, name);
	}
	newfile_end(&f);
	if (e == ERR_EXISTS)
		code = cmd_fail(name, "a file of this name is there already, and nothing is ever "
				      "overwritten. Name an empty folder.");
	else if (e == ERR_NOSPACE)
		code = cmd_fail(to, "there isn't room for it. Nothing was joined.");
	else if (p->bad != NULL)
		code = cmd_fail(p->bad->item->id,
		    "file %zu of this submission doesn't verify: %s. Nothing was joined.",
		    p->bad->member, err_text(e));
	else if (e != ERR_OK)
		code = cmd_fail(to, "%s. Nothing was joined.", cmd_why_todo(e));
	else
		code = report(p, name, &w);
	return code;
}

static enum err
find(struct vault *v, const struct catalog_item *row, const char *base, struct parts_search *s,
    struct parts *p)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if ((e = keep_open(v, row, &fd, &it)) == ERR_OK &&
	    (e = parts_search(v, row, it, s)) == ERR_OK)
		e = parts_find(s, base, p);
	item_free(it);
	io_close(&fd);
	return e;
}

static int
join(struct vault *v, const struct catalog_item *row, const struct cmd_options *o)
{
	struct parts_search s = {0};
	struct parts p = {0};
	int dir = -1, code = CMD_DONE;
	enum err e;

	if ((e = find(v, row, o->n_args > 1 ? o->args[1] : NULL, &s, &p)) != ERR_OK) {
		code = fail_find(row, e);
		if (e == ERR_NOTFOUND)
			name_closed(&s);
	} else if (p.missing > 0)
		code = fail_missing(&p, &s);
	else if ((mkdir(o->to, 0700) == -1 && errno != EEXIST) ||
		 (e = io_open_dir(AT_FDCWD, o->to, &dir)) != ERR_OK)
		code = cmd_fail(o->to, "this folder can't be used: %s.", cmd_why_todo(io_errno()));
	else
		code = write_file(v, &p, o->to, dir);
	io_close(&dir);
	parts_wipe(&p);
	parts_search_wipe(&s);
	return code;
}

static int
run(const struct cmd_options *o)
{
	if (o->to == NULL) {
		cmd_fail(NULL, "join: where to? Add --to DIR");
		return CMD_USAGE;
	}
	return cmd_on_item(o, join);
}

const struct cmd cmd_join = {
    .name = "join",
    .usage = "VAULT ID --to DIR [NAME]",
    .summary = "put a file together that came in parts",
    .help = "The submission ID has a part of it, called name.part1, name.001, xaa, or as split(1)\n"
	    "calls them; the others may lie in any submission of the same source. All must be\n"
	    "there: those that are missing are named. NAME says which file, when ID has parts of\n"
	    "several.\n"
	    "\n"
	    "  --to DIR                the folder; it is made if it isn't there\n",
    .options = CMD_OPT_TO,
    .args_min = 1,
    .args_max = 2,
    .run = run,
};
