#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd.h"
#include "parent/backup_write.h"
#include "parent/rows.h"

#define COPY_IT                                                                                          \
	"and one backup can't have more: nothing was written. End the server and copy its whole folder " \
	"as it is (cp -a)."

/* One backup: the rows and a snapshot of the index from the store, the files by ourselves. */
struct backup {
	const char *out; /* "-": standard output */
	struct link link;
	struct buf items;    /* struct op_export_item each */
	struct buf database; /* the snapshot */
	struct backup_write write;
};

static bool
is_stdout(const struct backup *b)
{
	return strcmp(b->out, "-") == 0;
}

static enum err
ask_index(struct backup *b, struct reason *why)
{
	struct wire_msg m = {.op = OP_CHECK, .fd = -1};
	struct op_check_is is;
	enum err e;

	if ((e = link_ask(&b->link, &m, OP_CHECK_IS, why)) != ERR_OK)
		return e;
	memcpy(&is, m.body, sizeof is);
	if (is.index != ERR_OK)
		return reason_set(why, ERR_FORMAT,
		    "The index is damaged: end the server, say sealslotd check --repair, and then make "
		    "the backup.");
	return ERR_OK;
}

/* Before the snapshot: what comes in between has a row there, but no file here. */
static enum err
get_rows(struct backup *b, struct reason *why)
{
	struct rows rows;
	enum err e;

	if ((e = ask_index(b, why)) != ERR_OK)
		return e;
	rows_init(&rows, &b->link);
	do
		if ((e = rows_next(&rows, why)) == ERR_OK &&
		    (e = buf_add(&b->items, rows.page.p, rows.page.len)) != ERR_OK)
			reason_sys(why, e, "Can't make the list");
	while (e == ERR_OK && !rows.is_end);
	rows_wipe(&rows);
	if (e == ERR_LIMIT)
		reason_set(
		    why, e, "There are more than %d submissions, " COPY_IT, LIMIT_BACKUP_ITEMS);
	return e;
}

static enum err
get_snapshot(struct backup *b, struct reason *why)
{
	struct wire_msg m = {.op = OP_SNAPSHOT, .fd = -1};
	enum err e;

	if ((e = link_ask(&b->link, &m, OP_SNAPSHOT_IS, why)) == ERR_LIMIT)
		return reason_set(
		    why, e, "The index, with the replies in it, has more than 1 GiB, " COPY_IT);
	if (e != ERR_OK)
		return e;
	if ((e = wire_memfd_read(m.fd, &b->database)) != ERR_OK)
		reason_sys(why, e, "The index didn't arrive");
	io_close(&m.fd);
	return e;
}

static enum err
write_out(struct backup *b, struct reason *why)
{
	struct export_out out = {.fd = STDOUT_FILENO, .name = "standard output"};
	enum err e;

	if (is_stdout(b))
		return backup_write(&b->write, &out, why);
	out.fd = -1;
	out.name = b->out;
	if ((e = io_create(AT_FDCWD, b->out, 0600, &out.fd)) == ERR_EXISTS)
		return reason_set(why, e, "%s exists already, and nothing is overwritten.", b->out);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't make %s", b->out);
	if ((e = backup_write(&b->write, &out, why)) == ERR_OK && (e = io_sync(out.fd)) != ERR_OK)
		reason_sys(why, e, "Can't write %s", b->out);
	io_close(&out.fd);
	if (e != ERR_OK)
		unlink(b->out); /* what isn't whole must not be relied on */
	return e;
}

static enum err
backup(struct backup *b, const struct setup *s, struct reason *why)
{
	enum err e;

	if (is_stdout(b) && isatty(STDOUT_FILENO))
		return reason_set(
		    why, ERR_USAGE, "A backup isn't for a terminal: send it to a file.");
	if ((e = link_open(s, &b->link, why)) != ERR_OK || (e = get_rows(b, why)) != ERR_OK ||
	    (e = get_snapshot(b, why)) != ERR_OK || (e = backup_prepare(&b->write, why)) != ERR_OK)
		return e;
	return write_out(b, why);
}

int
cmd_backup(const struct cmd *self, int argc, char **argv)
{
	struct backup b = {.link = LINK_CLOSED};
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	size_t n;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_OPERAND, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	b.out = args.operand;
	b.write = (struct backup_write){.setup = &s,
	    .conf_path = args.conf,
	    .files = {.items = -1, .keys = -1},
	    .items = &b.items,
	    .database = &b.database};
	buf_init(&b.items, LIMIT_BACKUP_ITEMS * sizeof(struct op_export_item));
	buf_init(&b.database, LIMIT_SNAPSHOT);
	if (backup(&b, &s, &why) == ERR_OK) {
		n = b.items.len / sizeof(struct op_export_item);
		fprintf(stderr,
		    "The backup with %zu submission%s is written. It can open none of them, but it has the "
		    "transfer key: keep it as safe as this machine.\n"
		    "What it can't have: tor's onion key. It lies in tor's HiddenServiceDir (torrc), "
		    "hs_ed25519_secret_key: keep a copy of that folder, too, or the address is lost with "
		    "this machine.\n",
		    n, n == 1 ? "" : "s");
		code = CMD_OK;
	} else {
		code = cmd_fail(&why);
	}
	backup_write_wipe(&b.write);
	buf_wipe(&b.items);
	buf_wipe(&b.database);
	link_close(&b.link);
	setup_wipe(&s);
	return code;
}
