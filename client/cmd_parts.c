#include "cmd_parts.h"

#include <string.h>

#include "cmd.h"
#include "display.h"
#include "parts.h"

static enum err
put_members(struct buf *out, const struct parts *p, const struct catalog_item *row)
{
	const char *before = "\nPart of a larger file: ";
	enum err e = ERR_OK;
	size_t i;

	for (i = p->name.number; i < p->n && e == ERR_OK; i++) {
		if (p->all[i].item != row)
			continue;
		e = buf_addf(out, "%sfile %03zu", before, p->all[i].member);
		before = ", ";
	}
	return e;
}

/*
 * The source's own words, the name, stand last in their line; never in the command,
 * which somebody may copy into a shell.
 */
static enum err
put_file(struct buf *out, const struct parts *p, const char *path, const struct catalog_item *row)
{
	size_t n = p->n - p->name.number;
	enum err e;

	if ((e = put_members(out, p, row)) != ERR_OK ||
	    (e = p->missing == 0
		     ? buf_addf(out, ". %zu parts came, none is missing between them.\n", n)
		     : buf_addf(out, ". %zu of at least %zu parts came.\n", n - p->missing, n)) !=
		ERR_OK ||
	    (e = buf_add_str(out, "  NAME: ")) != ERR_OK ||
	    (e = display_line(out, p->name.base, strlen(p->name.base))) != ERR_OK)
		return e;
	return buf_addf(out, "\n  sealslot-review join %s %.8s --to DIR NAME\n", path, row->id);
}

enum err
cmd_parts_put(struct buf *out, struct vault *v, const char *path, const struct catalog_item *row,
    const struct item *it)
{
	struct parts_search s = {0};
	struct parts p = {0};
	enum err e;
	size_t i;

	e = parts_search(v, row, it, &s);
	for (i = 0; e == ERR_OK && i < s.own; i++) {
		e = parts_of(&s, i, &p);
		if (e == ERR_OK)
			e = put_file(out, &p, path, row);
		else if (e == ERR_EXISTS)
			e = buf_add_str(out, "\nA part of a larger file came twice, with different "
					     "contents: join can't choose.\n");
		else if (e == ERR_NOTFOUND)
			e = ERR_OK;
		parts_wipe(&p);
	}
	parts_search_wipe(&s);
	return e;
}
