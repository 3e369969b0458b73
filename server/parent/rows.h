#ifndef SEALSLOT_PARENT_ROWS_H
#define SEALSLOT_PARENT_ROWS_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/reason.h"

/*
 * Lists of submissions as the store process gives them: struct op_export_item
 * each. Names of files are made of them, and lines on a terminal, by root; so
 * nothing in them is believed that a store of ours wouldn't say.
 */

/* Reads a received memfd into out, which is emptied before. ERR_FORMAT: it isn't such a list,
 * ascending by id. */
enum err MUST_CHECK rows_read(int fd, struct buf *out, struct reason *why);

#endif
