#include "store/in_flight.h"

#include "base/io.h"
#include "store/quota.h"
#include "store/upload.h"

void
in_flight_init(struct in_flight *l, struct depot *depot)
{
	l->depot = depot;
	l->n = 0;
	l->settling = 0;
}

void
in_flight_clear(struct in_flight *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		io_close(&l->uploads[i].fd);
	l->n = 0;
}

void
in_flight_add(struct in_flight *l, const struct in_flight_upload *u)
{
	l->uploads[l->n++] = *u;
}

struct in_flight_upload *
in_flight_find(struct in_flight *l, uint32_t ref)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->uploads[i].ref == ref)
			return &l->uploads[i];
	return NULL;
}

void
in_flight_forget(struct in_flight *l, struct in_flight_upload *u)
{
	io_close(&u->fd);
	*u = l->uploads[--l->n];
}

enum err
in_flight_poll(struct in_flight *l)
{
	struct in_flight_upload *u;
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		u = &l->uploads[i];
		if (u->fd == -1)
			continue;
		u->stored = upload_stored(u->fd);
		/* By what front wrote: what it takes is also what the file system took ahead. */
		if (upload_size(u->fd) > u->claim + LIMIT_CLAIM_SLACK)
			return ERR_FORMAT;
	}
	return ERR_OK;
}

bool
in_flight_is_committing(const struct in_flight *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->uploads[i].fd == -1)
			return true;
	return false;
}

uint64_t
in_flight_promised(const struct in_flight *l)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->uploads[i].claim > l->uploads[i].stored)
			sum += l->uploads[i].claim - l->uploads[i].stored;
	return sum;
}

/* What they may add to the day. */
static uint64_t
claimed(const struct in_flight *l)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		sum += l->uploads[i].claim;
	return sum;
}

enum err
in_flight_room(const struct in_flight *l, bool is_signed_in, uint64_t *out)
{
	const struct conf *conf = l->depot->conf;
	uint64_t have = 0, used = 0, day;
	enum err e;

	if ((e = quota_free(l->depot->folder.items, &have)) != ERR_OK)
		return e;
	if (__builtin_add_overflow(in_flight_promised(l) + l->settling, conf->reserve, &used) ||
	    used > have)
		used = have;
	day = quota_day_left(conf->max_day, depot_day_bytes(l->depot) + claimed(l), is_signed_in);
	*out = have - used < day ? have - used : day;
	return ERR_OK;
}
