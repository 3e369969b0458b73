#ifndef SEALSLOT_STORE_QUOTA_H
#define SEALSLOT_STORE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* How much fits. All sizes in bytes. */

/*
 * The most that an upload with a body of this size can become: headers and
 * directory of the archive, its manifest, the padding, the sealing
 * (keys/FORMATS.md sections 1 to 3).
 */
uint64_t quota_sealed_max(uint64_t body_len);
/* What a complete upload of so many promised bytes may take on the disk, whatever that is like. */
uint64_t quota_stored_max(uint64_t claim);
/* The largest body, up to max_upload, that surely fits into avail bytes; 0 if none does. */
uint64_t quota_body_max(uint64_t avail, uint64_t max_upload);
/*
 * What a day may still bring: max_day less what it brought already, and unless somebody has signed
 * in, less the part that is kept for those who have.
 */
uint64_t quota_day_left(uint64_t max_day, uint64_t used, bool is_signed_in);
/* What the file system that a folder is on has left for us. */
enum err MUST_CHECK quota_free(int dirfd, uint64_t *out);

#endif
