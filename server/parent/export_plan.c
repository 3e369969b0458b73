#include "parent/export_plan.h"

#include <string.h>

#include "base/date.h"
#include "base/limits.h"
#include "carry/bundle.h"
#include "carry/tar.h"

#define PAX_FROM      (8 * LIMIT_GIB) /* a header of three blocks */
#define HEAD_MAX      512             /* the lines before and after the items */
#define SIZE_DIGITS   20
#define NUMBER_DIGITS 10

uint64_t
export_plan_member(uint64_t size)
{
	return (size < PAX_FROM ? TAR_BLOCK : 3 * TAR_BLOCK) + size + tar_pad(size);
}

uint64_t
export_plan_index_max(const struct op_export_item *items, size_t n)
{
	/* "item: <id> <day> <inbox> <epoch> <size> <hash>\n" but for the inbox */
	uint64_t line = strlen("item: ") + RANDOM_ID_LEN + DATE_DAY_LEN + NUMBER_DIGITS +
			SIZE_DIGITS + HASH_HEX_LEN + 6;
	uint64_t sum = HEAD_MAX;
	size_t i;

	for (i = 0; i < n; i++)
		sum += line + strlen(items[i].inbox);
	return sum;
}

static enum err
end_volume(struct export_plan *p, size_t end)
{
	if (p->volumes == LIMIT_BUNDLE_VOLUMES)
		return ERR_LIMIT;
	p->volumes++;
	return buf_add(&p->ends, &end, sizeof end);
}

static enum err
too_small(struct reason *why, const struct op_export_item *item, uint64_t needs)
{
	return reason_set(why, ERR_LIMIT,
	    "Submission %s needs a volume of %llu MiB: an item is never split over two. Use a "
	    "larger --volume-size, and a medium with exFAT or ext4.",
	    item->id, (unsigned long long)(needs / LIMIT_MIB + 1));
}

enum err
export_plan_make(struct export_plan *p, const struct op_export_item *items, size_t n,
    uint64_t overhead, uint64_t volume_size, struct reason *why)
{
	uint64_t used = overhead, member;
	struct export_plan plan = {0};
	enum err e = ERR_OK;
	size_t i;

	buf_init(&plan.ends, SIZE_MAX);
	if (volume_size != 0 && overhead > volume_size)
		e = reason_set(why, ERR_LIMIT,
		    "Each volume needs %llu KiB for index and schedules: use a larger --volume-size.",
		    (unsigned long long)(overhead / LIMIT_KIB + 1));
	for (i = 0; i < n && e == ERR_OK; i++) {
		member = export_plan_member(items[i].size);
		if (volume_size != 0 && member > volume_size - overhead) {
			e = too_small(why, &items[i], overhead + member);
		} else if (volume_size != 0 && member > volume_size - used) {
			if ((e = end_volume(&plan, i)) != ERR_OK)
				reason_set(why, e, "There would be more than %d volumes.",
				    LIMIT_BUNDLE_VOLUMES);
			used = overhead;
		}
		used += member;
	}
	if (e == ERR_OK && (e = end_volume(&plan, n)) != ERR_OK)
		reason_sys(why, e, "Can't plan the volumes");
	if (e == ERR_OK)
		*p = plan;
	else
		export_plan_wipe(&plan);
	return e;
}

void
export_plan_wipe(struct export_plan *p)
{
	buf_wipe(&p->ends);
	p->volumes = 0;
}

void
export_plan_range(const struct export_plan *p, size_t volume, size_t *first, size_t *end)
{
	const size_t *ends = (const size_t *)(const void *)p->ends.p;

	*first = volume == 1 ? 0 : ends[volume - 2];
	*end = ends[volume - 1];
}
