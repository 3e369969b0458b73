#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd.h"
#include "parent/answers_read.h"
#include "parent/export_files.h"
#include "parent/rows.h"

/* One import: take the archive apart, let the store verify it, hash what has a receipt, take it. */
struct import {
	struct link link;
	struct buf content; /* as OP_ANSWERS wants it */
	struct op_answers lens;
	struct buf items; /* struct op_export_item: to be hashed */
	struct op_answers_taken taken;
};

static enum err
open_bundle(const char *path, int *fd, struct reason *why)
{
	struct stat st;

	*fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
				     : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		return reason_sys(why, io_errno(), "Can't open %s", path);
	if (strcmp(path, "-") != 0 && !S_ISREG(st.st_mode))
		return reason_set(why, ERR_MODE,
		    "%s isn't a file. Name the bundle itself, or - for standard input.", path);
	if (strcmp(path, "-") == 0 && isatty(*fd))
		return reason_set(why, ERR_USAGE, "A bundle doesn't come from a terminal.");
	return ERR_OK;
}

static enum err
read_bundle(struct import *x, const char *path, struct reason *why)
{
	int fd = -1;
	enum err e;

	if ((e = open_bundle(path, &fd, why)) == ERR_OK)
		e = answers_read(fd, path, &x->content, &x->lens, why);
	io_close(&fd);
	return e;
}

static enum err
send_memfd(const struct import *x, const struct buf *b, struct wire_msg *m, enum op answer,
    struct reason *why)
{
	int fd = -1;
	enum err e;

	if ((e = wire_memfd(b->p, b->len, &fd)) != ERR_OK)
		return reason_sys(why, e, "Can't hand over the bundle");
	m->fd = fd;
	e = link_ask(&x->link, m, answer, why);
	io_close(&fd);
	return e;
}

/*
 * What can't even be handed over is told by an empty list, so that status names it. The refusal
 * stands, whether or not the store hears of it.
 */
static void
tell_unreadable(struct import *x, const struct setup *s)
{
	struct wire_msg m = {.op = OP_ANSWERS, .len = sizeof(struct op_answers), .fd = -1};
	struct reason ignored = {""};

	buf_reset(&x->content);
	if (link_open(s, &x->link, &ignored) == ERR_OK &&
	    send_memfd(x, &x->content, &m, OP_ANSWERS_NEED, &ignored) == ERR_OK)
		io_close(&m.fd);
}

static enum err
offer(struct import *x, struct reason *why)
{
	struct wire_msg m = {.op = OP_ANSWERS, .len = sizeof x->lens, .fd = -1};
	enum err e;

	memcpy(m.body, &x->lens, sizeof x->lens);
	if ((e = send_memfd(x, &x->content, &m, OP_ANSWERS_NEED, why)) != ERR_OK)
		return e;
	e = rows_read(m.fd, &x->items, why);
	io_close(&m.fd);
	return e;
}

/* A file that can't be read, or isn't as long as the index says, keeps its lack of a hash: its
 * receipt then counts for nothing. */
static enum err
hash_items(struct import *x, const char *store_path, struct reason *why)
{
	struct op_export_item *items = (struct op_export_item *)(void *)x->items.p;
	size_t n = x->items.len / sizeof *items, i;
	struct export_files files = {.items = -1, .keys = -1};
	struct reason ignored;
	enum err e;

	if (n == 0)
		return ERR_OK;
	if ((e = export_files_open(store_path, &files, why)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		(void)!export_files_hash(&files, &items[i], &ignored);
	export_files_close(&files);
	return ERR_OK;
}

static enum err
take(struct import *x, struct reason *why)
{
	struct wire_msg m = {.op = OP_ANSWERS_HASHES, .fd = -1};
	enum err e;

	if ((e = send_memfd(x, &x->items, &m, OP_ANSWERS_TAKEN, why)) == ERR_OK)
		memcpy(&x->taken, m.body, sizeof x->taken);
	return e;
}

static int
report(const struct op_answers_taken *t)
{
	printf("Answer bundle %u: %u new repl%s, %u receipt%s that match.\n", t->serial, t->replies,
	    t->replies == 1 ? "y" : "ies", t->receipts, t->receipts == 1 ? "" : "s");
	if (t->gone > 0)
		printf("%u receipt%s for submissions that aren't here any more.\n", t->gone,
		    t->gone == 1 ? " is" : "s are");
	if (t->mismatched == 0)
		return CMD_OK;
	fprintf(stderr,
	    "sealslotd: %u receipt%s for something else than what is stored here. These submissions are "
	    "kept; sealslotd status names one. Ask the desk to run sealslot-review verify.\n",
	    t->mismatched, t->mismatched == 1 ? " is" : "s are");
	return CMD_WARNING;
}

int
cmd_import(const struct cmd *self, int argc, char **argv)
{
	struct import x = {.link = LINK_CLOSED};
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	enum err e;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_OPERAND, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	buf_init(&x.content, LIMIT_ANSWERS);
	buf_init(&x.items, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	e = read_bundle(&x, args.operand, &why);
	if (e == ERR_TRUNCATED || e == ERR_PROFILE)
		tell_unreadable(&x, &s);
	if (e == ERR_OK && (e = link_open(&s, &x.link, &why)) == ERR_OK &&
	    (e = offer(&x, &why)) == ERR_OK &&
	    (e = hash_items(&x, s.conf->store_path, &why)) == ERR_OK)
		e = take(&x, &why);
	if (e == ERR_EXISTS) {
		puts(why.text);
		code = CMD_OK;
	} else {
		code = e == ERR_OK ? report(&x.taken) : cmd_fail(&why);
	}
	buf_wipe(&x.content);
	buf_wipe(&x.items);
	link_close(&x.link);
	setup_wipe(&s);
	return code;
}
