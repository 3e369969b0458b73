#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "carry/tar.h"
#include "cmd.h"
#include "parent/export_files.h"
#include "parent/export_plan.h"
#include "parent/rows.h"

/* One export: list, hash what hasn't been hashed yet, sign and write each volume, count. */
struct export
{
	struct op_export_list days;
	const char *out; /* "-": standard output */
	uint64_t volume_size;
	struct link link;
	struct export_files files;
	struct buf list; /* struct op_export_item each */
	struct export_plan plan;
	uint32_t serial;
	size_t written; /* volumes that exist */
};

static struct op_export_item *
items_of(const struct export *x, size_t *n)
{
	*n = x->list.len / sizeof(struct op_export_item);
	return (struct op_export_item *)(void *)x->list.p;
}

static bool
is_stdout(const struct export *x)
{
	return strcmp(x->out, "-") == 0;
}

static enum err
get_list(struct export *x, struct reason *why)
{
	const struct op_export_list ask = x->days;
	struct wire_msg m = {.op = OP_EXPORT_LIST, .len = sizeof ask, .fd = -1};
	enum err e;

	memcpy(m.body, &ask, sizeof ask);
	if ((e = link_ask(&x->link, &m, OP_EXPORT_ITEMS, why)) != ERR_OK)
		return e;
	e = rows_read(m.fd, &x->list, why);
	io_close(&m.fd);
	return e;
}

static enum err
hash_missing(struct export *x, struct reason *why)
{
	struct op_export_item *items;
	enum err e = ERR_OK;
	size_t i, n;

	items = items_of(x, &n);
	for (i = 0; i < n && e == ERR_OK; i++)
		if (!items[i].has_hash)
			e = export_files_hash(&x->files, &items[i], why);
	return e;
}

static enum err
plan(struct export *x, struct reason *why)
{
	const struct op_export_item *items;
	uint64_t overhead;
	size_t n;

	items = items_of(x, &n);
	overhead = export_plan_member(export_plan_index_max(items, n)) +
		   export_plan_member(LIMIT_SIGNATURE) + x->files.keys_len + TAR_END_LEN;
	return export_plan_make(&x->plan, items, n, overhead, x->volume_size, why);
}

/* ---- the volumes */

/* OUT.tar, OUT.2.tar, ...; without .tar at the end: OUT, OUT.2, ... */
static enum err
volume_name(const struct export *x, size_t volume, char out[static CONF_PATH_MAX])
{
	static const char tail[] = ".tar";
	size_t n = strlen(x->out), stem = n;
	int len;

	if (n > strlen(tail) && strcmp(x->out + n - strlen(tail), tail) == 0)
		stem = n - strlen(tail);
	if (volume == 1)
		len = snprintf(out, CONF_PATH_MAX, "%s", x->out);
	else
		len = snprintf(
		    out, CONF_PATH_MAX, "%.*s.%zu%s", (int)stem, x->out, volume, x->out + stem);
	return len < 0 || len >= CONF_PATH_MAX ? ERR_LIMIT : ERR_OK;
}

static enum err
sign_volume(struct export *x, size_t volume, struct buf *index, size_t *sig_len, struct reason *why)
{
	struct op_export_sign ask = {(uint32_t)volume, (uint32_t)x->plan.volumes};
	struct wire_msg m = {.op = OP_EXPORT_SIGN, .len = sizeof ask, .fd = -1};
	struct op_export_index head;
	int list = -1;
	enum err e;

	memcpy(m.body, &ask, sizeof ask);
	if ((e = wire_memfd(x->list.p, x->list.len, &list)) != ERR_OK)
		return reason_sys(why, e, "Can't hand over the list of submissions");
	m.fd = list;
	e = link_ask(&x->link, &m, OP_EXPORT_INDEX, why);
	io_close(&list);
	if (e != ERR_OK)
		return e;
	memcpy(&head, m.body, sizeof head);
	if ((e = wire_memfd_read(m.fd, index)) != ERR_OK || head.sig_len > index->len)
		e = reason_sys(why, e == ERR_OK ? ERR_FORMAT : e, "The index didn't arrive");
	io_close(&m.fd);
	x->serial = head.serial;
	*sig_len = head.sig_len;
	return e;
}

static enum err
write_volume(struct export *x, size_t volume, const struct export_out *out, struct reason *why)
{
	const struct op_export_item *items;
	size_t i, n, end, sig_len = 0;
	struct buf index;
	enum err e;

	buf_init(&index, LIMIT_BUNDLE_INDEX + LIMIT_SIGNATURE);
	if ((e = sign_volume(x, volume, &index, &sig_len, why)) != ERR_OK ||
	    (e = export_files_write_head(&x->files, out, &index, sig_len, why)) != ERR_OK)
		goto done;
	items = items_of(x, &n);
	export_plan_range(&x->plan, volume, &i, &end);
	for (; i < end && e == ERR_OK; i++)
		e = export_files_write_item(&x->files, out, &items[i], why);
	if (e == ERR_OK)
		e = export_files_write_end(out, why);
done:
	buf_wipe(&index);
	return e;
}

/* A new file, on its medium when this returns. */
static enum err
write_file(struct export *x, size_t volume, struct reason *why)
{
	char name[CONF_PATH_MAX];
	struct export_out out = {.fd = -1, .name = name};
	enum err e;

	if ((e = volume_name(x, volume, name)) != ERR_OK)
		return reason_set(why, e, "The name %s is too long.", x->out);
	if ((e = io_create(AT_FDCWD, name, 0600, &out.fd)) == ERR_EXISTS)
		return reason_set(why, e, "%s exists already, and nothing is overwritten.", name);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't make %s", name);
	x->written++;
	if ((e = write_volume(x, volume, &out, why)) == ERR_OK && (e = io_sync(out.fd)) != ERR_OK)
		reason_sys(why, e, "Can't write %s", name);
	io_close(&out.fd);
	return e;
}

/* What isn't whole must not be carried. */
static void
remove_volumes(const struct export *x)
{
	char name[CONF_PATH_MAX];
	size_t i;

	for (i = 1; i <= x->written; i++)
		if (volume_name(x, i, name) == ERR_OK)
			unlink(name);
}

static enum err
write_all(struct export *x, struct reason *why)
{
	struct export_out out = {.fd = STDOUT_FILENO, .name = "standard output"};
	enum err e = ERR_OK;
	size_t i;

	if (is_stdout(x))
		return write_volume(x, 1, &out, why);
	for (i = 1; i <= x->plan.volumes && e == ERR_OK; i++)
		e = write_file(x, i, why);
	if (e != ERR_OK)
		remove_volumes(x);
	return e;
}

static enum err
make_bundle(struct export *x, const struct setup *s, struct reason *why)
{
	struct wire_msg done = {.op = OP_EXPORT_DONE, .fd = -1};
	enum err e;

	if ((e = link_open(s, &x->link, why)) != ERR_OK || (e = get_list(x, why)) != ERR_OK ||
	    (e = export_files_open(s->conf->store_path, &x->files, why)) != ERR_OK ||
	    (e = hash_missing(x, why)) != ERR_OK || (e = plan(x, why)) != ERR_OK ||
	    (e = write_all(x, why)) != ERR_OK)
		return e;
	/* Only a bundle that is on its medium counts: the next one follows it. */
	return link_ask(&x->link, &done, OP_RESULT, why);
}

static void
report(const struct export *x)
{
	char name[CONF_PATH_MAX];
	size_t i, n;

	(void)items_of(x, &n);
	fprintf(
	    stderr, "Bundle %u with %zu submission%s is written", x->serial, n, n == 1 ? "" : "s");
	for (i = 1; i <= x->written; i++)
		if (volume_name(x, i, name) == ERR_OK)
			fprintf(stderr, "%s %s", i == 1 ? ":" : ",", name);
	fprintf(stderr, ".\n");
}

/* What the command line says; CMD_USAGE's message is the caller's. */
static enum err
read_args(const struct cmd_args *args, struct export *x, struct reason *why)
{
	x->days = (struct op_export_list){0, INT32_MAX};
	x->out = args->operand;
	if (args->since != NULL &&
	    date_parse(args->since, strlen(args->since), &x->days.since) != ERR_OK)
		return reason_set(why, ERR_USAGE, "--since wants a day, as in 2026-03-05.");
	if (args->until != NULL &&
	    date_parse(args->until, strlen(args->until), &x->days.until) != ERR_OK)
		return reason_set(why, ERR_USAGE, "--until wants a day, as in 2026-03-05.");
	if (args->since != NULL && args->until != NULL && x->days.until < x->days.since)
		return reason_set(
		    why, ERR_USAGE, "--until is before --since: nothing lies between them.");
	if (args->volume_size != NULL &&
	    (conf_size(args->volume_size, &x->volume_size) != ERR_OK || x->volume_size == 0))
		return reason_set(why, ERR_USAGE, "--volume-size wants a size, as in 4000M.");
	if (is_stdout(x) && x->volume_size != 0)
		return reason_set(why, ERR_USAGE, "Standard output can't be split into volumes.");
	if (is_stdout(x) && isatty(STDOUT_FILENO))
		return reason_set(
		    why, ERR_USAGE, "A bundle isn't for a terminal: send it to a file.");
	return ERR_OK;
}

int
cmd_export(const struct cmd *self, int argc, char **argv)
{
	struct export x = {.link = LINK_CLOSED, .files = {.items = -1, .keys = -1}};
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_OPERAND | CMD_TAKES_SINCE, &args)) != -1)
		return code;
	if (read_args(&args, &x, &why) != ERR_OK) {
		cmd_fail(&why);
		return CMD_USAGE;
	}
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	buf_init(&x.list, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	if (make_bundle(&x, &s, &why) == ERR_OK) {
		report(&x);
		code = CMD_OK;
	} else {
		code = cmd_fail(&why);
	}
	export_plan_wipe(&x.plan);
	export_files_close(&x.files);
	buf_wipe(&x.list);
	link_close(&x.link);
	setup_wipe(&s);
	return code;
}
