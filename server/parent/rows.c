#include "parent/rows.h"

#include <string.h>

#include "base/date.h"
#include "base/io.h"
#include "base/text.h"
#include "carry/schedule.h"
#include "wire/wire.h"

/* Ends a text of the wire inside its array? */
static bool
is_text(const char *s, size_t room)
{
	return memchr(s, '\0', room) != NULL;
}

static bool
is_row(const struct op_export_item *r)
{
	uint8_t id[RANDOM_ID_LEN / 2];

	return is_text(r->id, sizeof r->id) && is_text(r->inbox, sizeof r->inbox) &&
	       text_unhex(id, sizeof id, r->id, strlen(r->id)) == ERR_OK &&
	       schedule_is_inbox_name(r->inbox, strlen(r->inbox)) && r->has_hash <= 1 &&
	       r->day >= 0 && r->day <= DATE_LAST_DAY && r->size <= LIMIT_BUNDLE_ITEM_SIZE;
}

static bool
are_rows(const struct buf *b)
{
	const struct op_export_item *r = (const struct op_export_item *)(const void *)b->p;
	size_t i, n = b->len / sizeof *r;

	if (b->len % sizeof *r != 0)
		return false;
	for (i = 0; i < n; i++)
		if (!is_row(&r[i]) || (i > 0 && memcmp(r[i - 1].id, r[i].id, RANDOM_ID_LEN) >= 0))
			return false;
	return true;
}

static enum err
not_ours(struct reason *why)
{
	return reason_set(why, ERR_FORMAT,
	    "The store's list of submissions isn't one that a store of this version gives: look after "
	    "the machine before you go on.");
}

enum err
rows_read(int fd, struct buf *out, struct reason *why)
{
	enum err e;

	buf_wipe(out);
	if ((e = wire_memfd_read(fd, out)) != ERR_OK)
		return reason_sys(why, e, "The list of submissions didn't arrive");
	if (are_rows(out))
		return ERR_OK;
	buf_wipe(out);
	return not_ours(why);
}

/* ---- page by page */

void
rows_init(struct rows *r, const struct link *l)
{
	*r = (struct rows){.link = l};
	buf_init(&r->page, LIMIT_ROWS_PAGE * sizeof(struct op_export_item));
}

void
rows_wipe(struct rows *r)
{
	buf_wipe(&r->page);
}

/* A page of max rows at most, from an id on. */
static enum err
ask_page(const struct rows *r, const struct op_rows *ask, struct buf *page, bool *is_end,
    struct reason *why)
{
	struct wire_msg m = {.op = OP_ROWS, .len = sizeof *ask, .fd = -1};
	const struct op_export_item *first;
	struct op_rows_are are;
	enum err e;
	size_t n;

	memcpy(m.body, ask, sizeof *ask);
	if ((e = link_ask(r->link, &m, OP_ROWS_ARE, why)) != ERR_OK)
		return e;
	memcpy(&are, m.body, sizeof are);
	e = rows_read(m.fd, page, why);
	io_close(&m.fd);
	/* What was read of a damaged index may be anything. */
	if (r->is_index_damaged && (e == ERR_FORMAT || (e == ERR_OK && are.fault != ERR_OK))) {
		why->text[0] = '\0';
		*is_end = true;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	if (are.fault != ERR_OK)
		return reason_set(why, ERR_FORMAT, "The index can't be read: say sealslotd check.");
	first = (const struct op_export_item *)(const void *)page->p;
	n = page->len / sizeof *first;
	/* Only the last page may be short: otherwise a walk might never end. */
	if (n > ask->max || (n < ask->max && !are.is_end) ||
	    (n > 0 && strcmp(first->id, ask->from) < 0)) {
		buf_wipe(page);
		return not_ours(why);
	}
	*is_end = are.is_end != 0;
	return ERR_OK;
}

/* The id behind this one; false: there is none. */
static bool
step(char id[static RANDOM_ID_LEN + 1])
{
	size_t i = RANDOM_ID_LEN;

	while (i > 0 && id[i - 1] == 'f')
		id[--i] = '0';
	if (i == 0)
		return false;
	id[i - 1] = id[i - 1] == '9' ? 'a' : (char)(id[i - 1] + 1);
	return true;
}

enum err
rows_next(struct rows *r, struct reason *why)
{
	struct op_rows ask = {.max = LIMIT_ROWS_PAGE};
	const struct op_export_item *row;
	enum err e;
	size_t n;

	memcpy(ask.from, r->from, sizeof ask.from);
	if ((e = ask_page(r, &ask, &r->page, &r->is_end, why)) != ERR_OK || r->page.len == 0)
		return e;
	row = (const struct op_export_item *)(const void *)r->page.p;
	n = r->page.len / sizeof *row;
	memcpy(r->from, row[n - 1].id, sizeof r->from);
	r->is_end = !step(r->from) || r->is_end;
	return ERR_OK;
}

enum err
rows_find(const struct rows *r, const char *id, struct op_export_item *out, bool *is_there,
    struct reason *why)
{
	struct op_rows ask = {.max = 1};
	bool is_end = false;
	struct buf page;
	enum err e;

	buf_init(&page, sizeof *out);
	memcpy(ask.from, id, sizeof ask.from);
	if ((e = ask_page(r, &ask, &page, &is_end, why)) == ERR_OK) {
		*is_there = page.len == sizeof *out && memcmp(page.p, id, RANDOM_ID_LEN) == 0;
		if (*is_there)
			memcpy(out, page.p, sizeof *out);
	}
	buf_wipe(&page);
	return e;
}
