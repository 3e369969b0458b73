#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "item.h"
#include "keep.h"

#define DIGITS "0123456789"

static bool
take(struct parts_name *out, enum parts_kind kind, const char *name, size_t base, uint64_t number)
{
	if (base == 0 || base > PARTS_BASE || number >= PARTS_MAX)
		return false;
	out->kind = kind;
	out->number = (uint32_t)number;
	memcpy(out->base, name, base);
	out->base[base] = '\0';
	return true;
}

/* xaa, xab, ...: what split(1) writes when nothing else is said. */
static bool
parse_split(const char *name, size_t n, struct parts_name *out)
{
	if (n != 3 || name[0] != 'x' || name[1] < 'a' || name[1] > 'z' || name[2] < 'a' ||
	    name[2] > 'z')
		return false;
	return take(
	    out, PARTS_SPLIT, name, 1, (uint64_t)(name[1] - 'a') * 26 + (uint64_t)(name[2] - 'a'));
}

bool
parts_parse(const char *name, struct parts_name *out)
{
	size_t n = strlen(name), at = n, digits;
	uint64_t number = 0;

	while (at > 0 && strchr(DIGITS, name[at - 1]) != NULL)
		at--;
	digits = n - at;
	if (digits == 0)
		return parse_split(name, n, out);
	if (digits > 4)
		return false;
	for (; at < n; at++)
		number = number * 10 + (uint64_t)(name[at] - '0');
	at = n - digits;
	if (at > 5 && memcmp(name + at - 5, ".part", 5) == 0)
		return take(out, PARTS_PART, name, at - 5, number);
	return digits == 3 && at > 1 && name[at - 1] == '.' &&
	       take(out, PARTS_NUMBER, name, at - 1, number);
}

void
parts_wipe(struct parts *p)
{
	free(p->all);
	*p = (struct parts){0};
}

/* ---- looking for them */

static bool
is_same(const struct parts_name *a, const struct parts_name *b)
{
	return a->kind == b->kind && strcmp(a->base, b->base) == 0;
}

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

/* Those of one submission. With p->name.kind none yet, the first one decides. */
static enum err
collect(struct parts *p, const struct item *it, const struct catalog_item *row, const char *base)
{
	const struct zip_member *m;
	struct parts_name name;
	struct part part;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; it->manifest != NULL && i < it->manifest->n_files && e == ERR_OK; i++) {
		if (!parts_parse(it->manifest->files[i].original, &name) ||
		    (base != NULL && strcmp(name.base, base) != 0))
			continue;
		if (p->name.kind == PARTS_NONE)
			p->name = name;
		if (!is_same(&p->name, &name)) {
			if (base == NULL && p->is_open)
				return ERR_AMBIGUOUS;
			continue;
		}
		m = &it->zip->members[i + 1];
		part = (struct part){row, i + 1, m->size, m->crc};
		e = add(p, name.number, &part);
	}
	return e;
}

static enum err
collect_from(struct vault *v, struct parts *p, const struct catalog_item *row, const char *base)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if ((e = keep_open(v, row, &fd, &it)) == ERR_OK)
		e = collect(p, it, row, base);
	item_free(it);
	io_close(&fd);
	return e;
}

/* How many are missing, and how large it is. */
static void
count(struct parts *p)
{
	size_t i;

	/* split counts from 0, most others from 1. */
	p->name.number = p->all[0].item != NULL || p->name.kind == PARTS_SPLIT ? 0 : 1;
	for (i = p->name.number; i < p->n; i++) {
		p->missing += p->all[i].item == NULL;
		p->size += p->all[i].size;
	}
}

enum err
parts_find(struct vault *v, const struct catalog_item *row, const char *base, struct parts *p)
{
	const struct catalog_item *x;
	enum err e;
	size_t i;

	*p = (struct parts){.is_open = true};
	if ((e = collect_from(v, p, row, base)) != ERR_OK)
		return e;
	if (p->name.kind == PARTS_NONE)
		return ERR_NOTFOUND;
	p->is_open = false;
	for (i = 0; i < v->catalog.n_items && e == ERR_OK; i++) {
		x = v->catalog.items[i];
		if (x != row && row->mailbox[0] != '\0' && x->state == CATALOG_OPENED &&
		    strcmp(x->mailbox, row->mailbox) == 0)
			e = collect_from(v, p, x, base);
	}
	if (e == ERR_OK)
		count(p);
	return e;
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
parts_join(struct vault *v, const struct parts *p, struct sink out)
{
	enum err e = ERR_OK;
	size_t i;

	if (p->missing > 0)
		return ERR_STATE;
	for (i = p->name.number; i < p->n && e == ERR_OK; i++)
		e = join_one(v, &p->all[i], out);
	return e;
}
