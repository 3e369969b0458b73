#ifndef SEALSLOT_STORE_IN_FLIGHT_H
#define SEALSLOT_STORE_IN_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/depot.h"

/*
 * Uploads that have begun and are not committed: what each may become, what it
 * takes, and what room there is beside them. All sizes are bytes. Their order
 * means nothing.
 */
struct in_flight_upload {
	uint32_t ref;
	int fd;          /* -1: in the committer's hands */
	uint64_t claim;  /* reserved */
	uint64_t stored; /* what it took when last polled */
};

struct in_flight {
	struct depot *depot; /* borrowed */
	struct in_flight_upload uploads[LIMIT_IN_FLIGHT_MAX];
	uint32_t n;
	uint64_t settling; /* that the midnight settle may still take */
};

void in_flight_init(struct in_flight *l, struct depot *depot);
/* Lets go of all of them; what the committer has goes on. */
void in_flight_clear(struct in_flight *l);
/* u's descriptor is the list's now. There must be a place. */
void in_flight_add(struct in_flight *l, const struct in_flight_upload *u);
/* NULL: none has this ref. Valid until the next one is added or forgotten. */
struct in_flight_upload *in_flight_find(struct in_flight *l, uint32_t ref);
/* Closes its descriptor, if it still has one. */
void in_flight_forget(struct in_flight *l, struct in_flight_upload *u);
/* Looks what each takes now. ERR_FORMAT: one takes more than was reserved for it. */
enum err MUST_CHECK in_flight_poll(struct in_flight *l);
/* Has the committer one of them? */
bool in_flight_is_committing(const struct in_flight *l);
/* What they may still take on the disk. */
uint64_t in_flight_promised(const struct in_flight *l);
/* What may still be promised: by the disk, and by the day. Errors as quota_free. */
enum err MUST_CHECK in_flight_room(const struct in_flight *l, bool is_signed_in, uint64_t *out);

#endif
