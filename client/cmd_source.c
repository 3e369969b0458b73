#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* Submissions of one source carry the same mailbox: in a list they get the same number. */

static int
by_mailbox(const void *x, const void *y)
{
	return strcmp(
	    ((const struct cmd_source *)x)->mailbox, ((const struct cmd_source *)y)->mailbox);
}

enum err
cmd_sources(const struct catalog *c, struct cmd_source **out, size_t *n)
{
	struct cmd_source *all;
	size_t i, k, used = 0, rows = 0;

	if ((all = calloc(c->n_items + 1, sizeof *all)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->n_items; i++)
		if (c->items[i]->mailbox[0] != '\0')
			all[rows++] = (struct cmd_source){c->items[i]->mailbox, 1, 0};
	qsort(all, rows, sizeof *all, by_mailbox);
	for (i = 0; i < rows; i = k) {
		for (k = i + 1; k < rows && by_mailbox(&all[i], &all[k]) == 0; k++)
			;
		all[used++] = (struct cmd_source){all[i].mailbox, k - i, 0};
	}
	*out = all;
	*n = used;
	return ERR_OK;
}

unsigned
cmd_source_number(struct cmd_source *all, size_t n, const char *mailbox, unsigned *last)
{
	struct cmd_source key = {mailbox, 0, 0}, *found;

	if (mailbox[0] == '\0' ||
	    (found = bsearch(&key, all, n, sizeof *all, by_mailbox)) == NULL || found->rows < 2)
		return 0;
	if (found->number == 0)
		found->number = ++*last;
	return found->number;
}

static enum err
put_replies(struct buf *out, const struct catalog *c, const char *mailbox)
{
	char day[DATE_DAY_LEN + 1];
	const struct post_reply *r;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->post.n_replies && e == ERR_OK; i++) {
		r = &c->post.replies[i];
		if (strcmp(r->mailbox, mailbox) != 0)
			continue;
		date_format(day, r->day);
		if (r->serial == 0)
			e = buf_addf(out, "replied   %s, it waits in the outbox\n", day);
		else
			e = buf_addf(out, "replied   %s, in answer bundle %u\n", day, r->serial);
	}
	return e;
}

enum err
cmd_source_put(struct buf *out, const struct catalog *c, const struct catalog_item *row)
{
	size_t digits = catalog_id_digits(c), i;
	char day[DATE_DAY_LEN + 1];
	const struct catalog_item *x;
	enum err e = ERR_OK;

	if (row->mailbox[0] == '\0')
		return ERR_OK;
	for (i = 0; i < c->n_items && e == ERR_OK; i++) {
		x = c->items[i];
		if (strcmp(x->mailbox, row->mailbox) != 0 || strcmp(x->id, row->id) == 0)
			continue;
		date_format(day, x->day);
		e = buf_addf(out, "also      %.*s of %s, from the same source\n", (int)digits,
		    x->id, x->received[0] == '\0' ? day : x->received);
	}
	return e == ERR_OK ? put_replies(out, c, row->mailbox) : e;
}
