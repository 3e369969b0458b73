#ifndef SEALSLOT_TOOL_GONE_H
#define SEALSLOT_TOOL_GONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/schedule.h"

/*
 * Which epochs of a backup were retired since it was made. A log knows: the backup's own, or a
 * newer one. Schedules only hint at it: the key store that signs lists an epoch that is over as
 * long as it has the key, but schedules of older versions dropped all epochs of an inbox when all
 * were over, retired or not; and of another desk's keys it knows nothing (keys/FORMATS.md
 * section 4).
 */
enum gone_why {
	GONE_NOT,
	GONE_BY_LOG,
	GONE_BY_SCHEDULE, /* the key store that signed it had no key of it any more */
	GONE_UNSURE       /* not listed any more, which proves nothing */
};

struct gone_inbox {
	char name[LIMIT_INBOX_NAME + 1];
	uint32_t first;           /* that the backup's schedule lists */
	uint32_t lowest, highest; /* that the newest schedule so far lists */
	bool is_followed;         /* it lists epochs that the one before listed, too */
};

struct gone {
	struct buf log, newer; /* owned; the backup's, and one that was given */
	bool is_signer;        /* the backup is of the key store that signs the schedules */
	struct gone_inbox inboxes[LIMIT_INBOXES];
	size_t n_inboxes;
	bool has_newer_schedule;
	uint32_t serial; /* of the newest schedule so far */
};

void gone_init(struct gone *g);
void gone_wipe(struct gone *g);
/* The backup's own newest schedule; s may be NULL. */
void gone_begin(struct gone *g, const struct schedule *s);
/* A newer one; some in between may be missing. What isn't newer is passed over. */
void gone_follow(struct gone *g, const struct schedule *s);
enum gone_why gone_ask(const struct gone *g, const char *inbox, uint32_t number);
/* ERR_STATE: the newer log calls an epoch retired that this schedule lists and that isn't over. */
enum err MUST_CHECK gone_check_log(const struct gone *g, const struct schedule *s, int32_t today);
/* The backup's log and what the newer one has behind their common beginning. */
enum err MUST_CHECK gone_merge_logs(const struct gone *g, struct buf *out);

#endif
