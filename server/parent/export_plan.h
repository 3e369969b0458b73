#ifndef SEALSLOT_PARENT_EXPORT_PLAN_H
#define SEALSLOT_PARENT_EXPORT_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/op.h"
#include "wire/reason.h"

/* Which items go into which volume of a bundle. All sizes in bytes. */

/* Archive bytes of a member: header, content, padding. */
uint64_t export_plan_member(uint64_t size);
/* Bytes that the index of these items has at most, whatever the serial and volume. */
uint64_t export_plan_index_max(const struct op_export_item *items, size_t n);

struct export_plan {
	struct buf ends; /* size_t for each volume: the first item that isn't in it any more */
	size_t volumes;
};
/*
 * Fills volumes of at most volume_size (0: no limit) in the order of the items;
 * overhead is what every volume has besides items. ERR_LIMIT: one of them fits into no volume.
 */
enum err MUST_CHECK export_plan_make(struct export_plan *p, const struct op_export_item *items,
    size_t n, uint64_t overhead, uint64_t volume_size, struct reason *why);
void export_plan_wipe(struct export_plan *p);
/* The items of a volume, from 1: first to before end. */
void export_plan_range(const struct export_plan *p, size_t volume, size_t *first, size_t *end);

#endif
