#ifndef SEALSLOT_FRONT_ARCHIVE_H
#define SEALSLOT_FRONT_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "front/chunks.h"
#include "front/manifest.h"
#include "seal/zip_write.h"

/*
 * The plaintext of one submission while it is made (keys/FORMATS.md sections 2
 * and 3): message.txt, the files, manifest.json, padding, directory.
 *
 *   archive_init -> archive_begin -> archive_put* (the message)
 *     -> (archive_file -> archive_put*)* -> archive_finish until ERR_OK
 *
 * One archive_reserve covers the calls for one piece of the body: perhaps
 * archive_begin, archive_file, and one archive_put. Any error but ERR_AGAIN is the end.
 */
struct archive {
	struct chunks chunks;
	struct buf dir; /* the growing central directory */
	struct manifest manifest;
	unsigned files;
	size_t manifest_at; /* bytes of manifest.json written */
	enum {
		ARCHIVE_NONE = 0,
		ARCHIVE_MESSAGE,
		ARCHIVE_FILE,
		ARCHIVE_MANIFEST,
		ARCHIVE_PADDING,
		ARCHIVE_DIRECTORY,
		ARCHIVE_DONE,
	} state;
	struct zip_write zip;
};

#define ARCHIVE_SLICE ((size_t)48 * 1024) /* the most bytes of content in one piece */

/* Both are borrowed until archive_wipe. */
void archive_init(struct archive *a, struct sealer *s, struct sealer_file *f);
/* Room for one piece with n <= ARCHIVE_SLICE bytes of content. ERR_AGAIN: later, the file's ready
 * tells. ERR_NOMEM. */
enum err MUST_CHECK archive_reserve(struct archive *a, size_t n);
/* Begins the manifest and message.txt. The sealer's file must have been started. */
enum err MUST_CHECK archive_begin(struct archive *a, const struct manifest_head *h);
/* More of the message or, after archive_file, of that file. */
enum err MUST_CHECK archive_put(struct archive *a, const void *p, size_t n);
/* The next file begins. ERR_LIMIT: too many, or their names need too much memory. */
enum err MUST_CHECK archive_file(struct archive *a, const char *original, const char *type);
/*
 * All that comes behind the content; received is the time, in seconds since
 * 1970, for the manifest. Reserves for itself: ERR_AGAIN: call again after the file's ready.
 * ERR_OK: the last chunk was submitted.
 */
enum err MUST_CHECK archive_finish(struct archive *a, int64_t received);
/* Accepts a zeroed struct. */
void archive_wipe(struct archive *a);

#endif
