#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "cmd.h"
#include "cmd_parts.h"
#include "display.h"
#include "item.h"
#include "nested.h"
#include "keep.h"

#define OUT_MAX     (32 * LIMIT_MIB)
#define TYPE_WIDTH  28 /* columns of a media type */
#define TEXT_PREFIX "  | "

static enum err
put_flags(struct buf *out, uint32_t flags, const char *manifest_why)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < CATALOG_FLAGS; i++)
		if ((flags >> i & 1) != 0)
			e = buf_addf(out, "%s!! %s%s\n", cmd_red(), cmd_flag_text(i), cmd_plain());
	if (e == ERR_OK && manifest_why != NULL)
		e = buf_addf(out, "   (%s)\n", manifest_why);
	return e;
}

/* What the reviewers have said about it. */
static enum err
put_review(struct buf *out, const struct catalog_item *row)
{
	char day[DATE_DAY_LEN + 1], sha[2 * SHA256_LEN + 1];
	enum err e = ERR_OK;

	if (row->reviewed != 0) {
		date_format(day, row->reviewed);
		e = buf_addf(out, "reviewed  %s\n", day);
	}
	if (e != ERR_OK || !row->is_kept)
		return e;
	text_hex(sha, row->original, SHA256_LEN);
	return buf_addf(out, "kept      sealed to this vault; SHA-256 of the original %s\n", sha);
}

static enum err
put_head(struct buf *out, const struct catalog_item *row)
{
	char day[DATE_DAY_LEN + 1], size[CMD_SIZE_ROOM];
	enum err e;
	size_t i;

	date_format(day, row->day);
	if ((e = buf_addf(out, "ID        %s\nreceived  %s\ninbox     %s, epoch %u\n", row->id,
		 row->received[0] == '\0' ? day : row->received, row->inbox, row->epoch)) !=
		ERR_OK ||
	    (e = buf_addf(out, "sealed    %s\n", cmd_size(size, row->size))) != ERR_OK)
		return e;
	if ((e = put_review(out, row)) != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < row->n_topics; i++) {
		e = buf_addf(out, "topic     %s: ", row->topics[i].name);
		cmd_put(out, row->topics[i].value);
		if (e == ERR_OK)
			e = buf_add_str(out, "\n");
	}
	if (e == ERR_OK && row->received[0] != '\0')
		e = buf_addf(out, "answer    %s\n",
		    row->reply_to[0] == '\0' ? "not possible: the source left no codename"
					     : "possible: the source has a codename");
	return e;
}

static enum err
put_message(struct buf *out, struct item *it)
{
	const struct zip_member *m = zip_read_find(it->zip, ZIP_MESSAGE);
	struct buf text;
	enum err e;

	if (m == NULL || m->size == 0)
		return buf_add_str(out, "\nno message\n");
	if (m->size > LIMIT_MESSAGE)
		return buf_addf(out,
		    "\nThe message is too long to show (%llu bytes); extract it.\n",
		    (unsigned long long)m->size);
	buf_init(&text, LIMIT_MESSAGE);
	if ((e = item_read_member(it, m, buf_sink(&text))) == ERR_OK &&
	    (e = buf_addf(out, "\nmessage, %zu bytes:\n", text.len)) == ERR_OK)
		e = display_text(out, text.p, text.len, TEXT_PREFIX, cmd_columns());
	buf_wipe(&text);
	return e;
}

/* The source's own words, type and name, stand last in the line. */
static enum err
put_file(struct buf *out, const struct zip_member *m, const struct manifest_file *f)
{
	const char *name = f == NULL ? m->name + strlen(ZIP_FILES) : f->original;
	const char *type = f == NULL ? "?" : f->type;
	char size[CMD_SIZE_ROOM];
	size_t columns;
	enum err e;

	if ((e = buf_addf(out, "  %.3s  %8s  ", m->name + strlen(ZIP_FILES),
		 cmd_size(size, m->size))) != ERR_OK ||
	    (e = display_cut(out, type, strlen(type), TYPE_WIDTH)) != ERR_OK)
		return e;
	columns = display_columns(type, strlen(type));
	if ((e = buf_addf(out, "%*s", columns < TYPE_WIDTH ? (int)(TYPE_WIDTH - columns) + 2 : 2,
		 "")) != ERR_OK ||
	    (e = display_line(out, name, strlen(name))) != ERR_OK)
		return e;
	return buf_add_str(out, "\n");
}

static enum err
put_nested(struct buf *out, const struct item *it)
{
	const struct zip_member *m;
	enum err e = ERR_OK;
	size_t i;

	for (i = 1; e == ERR_OK && i < it->zip->n_members - 1; i++) {
		m = &it->zip->members[i];
		if (nested_is_age_member(it->zip, m))
			e = buf_addf(out,
			    "File %.3s is sealed once more, by the source: `extract` opens it when it is "
			    "sealed to a key of ours.\n",
			    m->name + strlen(ZIP_FILES));
	}
	return e;
}

static enum err
put_files(struct buf *out, const struct item *it)
{
	size_t n = it->zip->n_members, i;
	enum err e;

	if (n <= 2)
		return buf_add_str(out, "\nno files\n");
	e = buf_addf(out, "\n%zu file%s:\n", n - 2, n == 3 ? "" : "s");
	for (i = 1; e == ERR_OK && i < n - 1; i++)
		e = put_file(out, &it->zip->members[i],
		    it->manifest == NULL ? NULL : &it->manifest->files[i - 1]);
	return e == ERR_OK ? put_nested(out, it) : e;
}

static enum err
put_item(struct buf *out, struct vault *v, struct item *it, const struct catalog_item *known)
{
	const struct schedule *s = NULL;
	struct catalog_item row = *known;
	enum err e;

	if ((e = item_schedule(v, it, &s)) != ERR_OK)
		return e;
	/* Judged anew: the file may have been changed since it was imported. A kept one has another
	 * key: what was found at its import stands. */
	if (!it->is_kept) {
		row.received[0] = '\0';
		row.n_topics = 0;
		item_judge(it, v->catalog.instance, s, &row);
		row.flags |= known->flags & (CATALOG_CHANGED | CATALOG_OLD_SCHEDULE);
	}
	if ((e = put_head(out, &row)) != ERR_OK ||
	    (e = cmd_source_put(out, &v->catalog, &row)) != ERR_OK ||
	    (e = put_flags(out, row.flags, it->manifest_why)) != ERR_OK ||
	    (e = put_message(out, it)) != ERR_OK)
		return e;
	return put_files(out, it);
}

static int
show(struct vault *v, const struct catalog_item *row, const struct cmd_options *o)
{
	struct item *it = NULL;
	int fd = -1, code = CMD_DONE;
	struct buf out;
	enum err e;

	buf_init(&out, OUT_MAX);
	if ((e = keep_open(v, row, &fd, &it)) == ERR_OK)
		e = put_item(&out, v, it, row);
	if (e == ERR_OK)
		e = cmd_parts_put(&out, v, o->vault, row, it);
	if (e == ERR_OK)
		cmd_flush(&out);
	else
		code = cmd_fail_item(row, e);
	buf_wipe(&out);
	item_free(it);
	io_close(&fd);
	return code;
}

static int
run(const struct cmd_options *o)
{
	return cmd_on_item(o, show);
}

const struct cmd cmd_show = {
    .name = "show",
    .usage = "VAULT ID",
    .summary = "one submission: its message and its files",
    .help = "What could deceive the eye or the terminal is shown as \\u{...}.\n"
	    "ID: the first digits of an ID, at least 4.\n",
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
