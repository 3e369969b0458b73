#ifndef SEALSLOT_PARENT_CHECK_WALK_H
#define SEALSLOT_PARENT_CHECK_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "parent/check.h"
#include "parent/link.h"
#include "wire/reason.h"

/*
 * Rows against files, both ascending by id and a part at a time, so that a
 * store of any size takes the same memory. What is only half there may be on
 * its way, in or out: a running server goes on meanwhile. So a row without
 * file, or a file without row, is a finding only if it still is one later.
 */
struct check_walk {
	const struct link *link;   /* borrowed */
	struct check_files *files; /* borrowed; check_files_outside was there */
	bool with_content;         /* hashes that the index knows are compared */
	bool is_mending;           /* what can be mended is told to the store, which mends it */
	bool is_index_damaged;     /* then a file without a row is no news */
	/* what came of it */
	size_t rows;
	size_t read;   /* submissions whose content was read */
	size_t mended; /* findings */
};
enum err MUST_CHECK check_walk(struct check_walk *w, struct check_report *r, struct reason *why);

#endif
