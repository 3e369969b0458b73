#include "parent/rows.h"

#include <string.h>

#include "base/date.h"
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
	return reason_set(why, ERR_FORMAT,
	    "The store's list of submissions isn't one that a store of this version gives: look after "
	    "the machine before you go on.");
}
