#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "keep.h"

struct parts_found {
	struct parts_name name;
	struct part part;
};

void
parts_wipe(struct parts *p)
{
	free(p->all);
	*p = (struct parts){0};
}

/* ---- looking for them */

void
parts_search_wipe(struct parts_search *s)
{
	free(s->all);
	free(s->closed);
	*s = (struct parts_search){0};
}

static enum err
add_found(struct parts_search *s, const struct parts_found *f)
{
	size_t cap = s->cap == 0 ? 16 : 2 * s->cap;
	struct parts_found *all;

	if (s->n == s->cap) {
		if ((all = realloc(s->all, cap * sizeof *all)) == NULL)
			return ERR_NOMEM;
		s->all = all;
		s->cap = cap;
	}
	s->all[s->n++] = *f;
	return ERR_OK;
}

/* Those of one submission. */
static enum err
collect(struct parts_search *s, const struct item *it, const struct catalog_item *row)
{
	const struct zip_member *m;
	struct parts_found f;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; it->manifest != NULL && i < it->manifest->n_files && e == ERR_OK; i++) {
		if (!parts_name_parse(it->manifest->files[i].original, &f.name))
			continue;
		m = &it->zip->members[i + 1];
		f.part = (struct part){row, i + 1, m->size, m->crc};
		e = add_found(s, &f);
	}
	return e;
}

static enum err
add_closed(struct parts_search *s, const struct catalog_item *row)
{
	const struct catalog_item **all;

	if ((all = realloc(s->closed, (s->n_closed + 1) * sizeof *all)) == NULL)
		return ERR_NOMEM;
	all[s->n_closed++] = row;
	s->closed = all;
	return ERR_OK;
}

/* One that can't be opened may have nothing to do with the file: it ends nothing. */
static enum err
collect_from(struct vault *v, struct parts_search *s, const struct catalog_item *row)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if ((e = keep_open(v, row, &fd, &it)) == ERR_OK)
		e = collect(s, it, row);
	else if (e != ERR_NOMEM)
		e = add_closed(s, row);
	item_free(it);
	io_close(&fd);
	return e;
}

enum err
parts_search(
    struct vault *v, const struct catalog_item *row, const struct item *it, struct parts_search *s)
{
	const struct catalog_item *x;
	enum err e;
	size_t i;

	*s = (struct parts_search){0};
	if ((e = collect(s, it, row)) != ERR_OK)
		return e;
	s->own = s->n;
	if (s->own == 0 || row->mailbox[0] == '\0')
		return ERR_OK;
	for (i = 0; i < v->catalog.n_items && e == ERR_OK; i++) {
		x = v->catalog.items[i];
		if (x != row && x->state == CATALOG_OPENED && strcmp(x->mailbox, row->mailbox) == 0)
			e = collect_from(v, s, x);
	}
	return e;
}

/* ---- one file */

static enum err
add(struct parts *p, uint32_t number, const struct part *part)
{
	size_t n = number + (size_t)1;
	struct part *all, *to;

	if (n > p->n) {
		if ((all = realloc(p->all, n * sizeof *all)) == NULL)
			return ERR_NOMEM;
		memset(all + p->n, 0, (n - p->n) * sizeof *all);
		p->all = all;
		p->n = n;
	}
	to = &p->all[number];
	if (to->item != NULL)
		return to->size == part->size && to->crc == part->crc ? ERR_OK : ERR_EXISTS;
	*to = *part;
	return ERR_OK;
}

/* How many are missing, and how large it is. */
static void
count(struct parts *p)
{
	size_t i;

	/* split counts from 0, most others from 1. */
	p->name.number =
	    p->all[0].item != NULL || p->name.kind == PARTS_SPLIT || p->name.kind == PARTS_LETTERED
		? 0
		: 1;
	for (i = p->name.number; i < p->n; i++) {
		p->missing += p->all[i].item == NULL;
		p->size += p->all[i].size;
	}
}

/* Does it look as split writes files: none missing, two at least, all but the last of one size? */
static bool
is_sequence(const struct parts *p)
{
	size_t first = p->name.number, i;

	if (p->missing > 0 || p->n < first + 2 || p->all[p->n - 1].size > p->all[first].size)
		return false;
	for (i = first; i + 1 < p->n; i++)
		if (p->all[i].size != p->all[first].size)
			return false;
	return true;
}

enum err
parts_of(const struct parts_search *s, size_t i, struct parts *p)
{
	const struct parts_name *name = &s->all[i].name;
	enum err e = ERR_OK;
	size_t k;

	*p = (struct parts){.name = *name};
	for (k = 0; k < i; k++)
		if (parts_name_is_same(name, &s->all[k].name))
			return ERR_NOTFOUND;
	for (k = i; k < s->n && e == ERR_OK; k++)
		if (parts_name_is_same(name, &s->all[k].name))
			e = add(p, s->all[k].name.number, &s->all[k].part);
	if (e == ERR_OK)
		count(p);
	if (e != ERR_NOMEM && parts_name_is_weak(name) && (e != ERR_OK || !is_sequence(p)))
		e = ERR_NOTFOUND;
	if (e != ERR_OK)
		parts_wipe(p);
	return e;
}

enum err
parts_find(const struct parts_search *s, const char *base, struct parts *p)
{
	struct parts next;
	enum err e;
	size_t i;

	*p = (struct parts){0};
	for (i = 0; i < s->own; i++) {
		if (base != NULL && strcmp(s->all[i].name.base, base) != 0)
			continue;
		if ((e = parts_of(s, i, &next)) == ERR_NOTFOUND)
			continue;
		if (e != ERR_OK || p->name.kind != PARTS_NONE) {
			parts_wipe(&next);
			parts_wipe(p);
			return e != ERR_OK ? e : ERR_AMBIGUOUS;
		}
		*p = next;
	}
	return p->name.kind == PARTS_NONE ? ERR_NOTFOUND : ERR_OK;
}

/* ---- joining them */

static enum err
join_one(struct vault *v, const struct part *part, struct sink out)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if ((e = keep_open(v, part->item, &fd, &it)) == ERR_OK)
		e = item_read_member(it, &it->zip->members[part->member], out);
	item_free(it);
	io_close(&fd);
	return e;
}

enum err
parts_join(struct vault *v, struct parts *p, struct sink out)
{
	enum err e = ERR_OK;
	size_t i;

	if (p->missing > 0)
		return ERR_STATE;
	for (i = p->name.number; i < p->n && e == ERR_OK; i++)
		if ((e = join_one(v, &p->all[i], out)) == ERR_AUTH || e == ERR_PROFILE ||
		    e == ERR_TRUNCATED)
			p->bad = &p->all[i];
	return e;
}
