#ifndef SEALSLOT_PARENT_ROWS_H
#define SEALSLOT_PARENT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/random.h"
#include "parent/link.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * Lists of submissions as the store process gives them: struct op_export_item
 * each. Names of files are made of them, and lines on a terminal, by root; so
 * nothing in them is believed that a store of ours wouldn't say.
 */

/* Reads a received memfd into out, which is emptied before. ERR_FORMAT: it isn't such a list,
 * ascending by id. */
enum err MUST_CHECK rows_read(int fd, struct buf *out, struct reason *why);

/* A walk through all rows, ascending by id, a page at a time. Every row that is there from the
 * first page to the last is in it, once. */
struct rows {
	const struct link *link;      /* borrowed */
	struct buf page;              /* struct op_export_item each */
	char from[RANDOM_ID_LEN + 1]; /* where the next page begins */
	bool is_end;                  /* there is none */
	bool is_index_damaged;        /* then the end of what can be read is the end */
};
void rows_init(struct rows *r, const struct link *l);
void rows_wipe(struct rows *r);
/* Reads the next page; only the last one may be short, or empty. */
enum err MUST_CHECK rows_next(struct rows *r, struct reason *why);
/* The row of one id, as it is now, if there is one. */
enum err MUST_CHECK rows_find(const struct rows *r, const char *id, struct op_export_item *out,
    bool *is_there, struct reason *why);

#endif
