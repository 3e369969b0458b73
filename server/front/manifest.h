#ifndef SEALSLOT_FRONT_MANIFEST_H
#define SEALSLOT_FRONT_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/schedule.h"
#include "conf/conf.h"

/*
 * manifest.json (keys/FORMATS.md section 2), written while the files come. It
 * grows in one bounded buffer: ERR_LIMIT, when names and types need more, is the
 * caller's verdict on the upload. All text may be any bytes: valid UTF-8 stays
 * as it is but for controls and treacherous characters, which are \u-escaped; what isn't
 * UTF-8 becomes U+FFFD.
 */

/* Where an answer can be sent; both empty until the source has a codename. */
struct manifest_source {
	char reply_to[AGE_RECIPIENT_LEN + 1];
	char mailbox[2 * HASH_LEN + 1]; /* hex */
};

/* Everything before the files; borrowed during manifest_begin only. */
struct manifest_head {
	const char *id;
	const struct schedule *schedule;
	size_t inbox; /* index */
	const struct schedule_seal *seal;
	const struct conf *conf;
	const char *const *topics; /* conf->n_topics values, NULL for one that wasn't chosen */
	const struct manifest_source *source; /* NULL: none */
};

struct manifest {
	struct buf text;
	size_t received_at; /* offset of the minute, which is known at the end */
	size_t files;
};

/* Writes all but the files; at most max bytes of text in the end. */
enum err MUST_CHECK manifest_begin(struct manifest *m, const struct manifest_head *h, size_t max);
/* A file begins. type is the part's Content-Type; anything but a plain type/subtype becomes
 * application/octet-stream. */
enum err MUST_CHECK manifest_file(
    struct manifest *m, const char *member, const char *original, const char *type);
/* That file is complete. */
enum err MUST_CHECK manifest_file_size(struct manifest *m, uint64_t size);
/* Completes the text; received is in seconds since 1970. */
enum err MUST_CHECK manifest_end(struct manifest *m, int64_t received);
/* Accepts a zeroed struct. */
void manifest_wipe(struct manifest *m);

#endif
