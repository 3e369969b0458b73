#ifndef SEALSLOT_SEAL_ZIP_WRITE_H
#define SEALSLOT_SEAL_ZIP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sink.h"
#include "seal/zip.h"

/*
 * Writes a ZIP archive of Sealslot's profile (keys/FORMATS.md section 2) in
 * one pass, without knowing any size in advance: push stage in front of
 * age_seal. begin, put*, end for each member; then finish_begin, pad until it
 * says ERR_OK, and finish_end. Any error kills the stage.
 */
struct zip_write {
	struct sink out;
	struct buf *dir;   /* borrowed: the growing central directory; its max is the limit */
	uint64_t offset;   /* bytes written so far */
	uint64_t start;    /* of the member's local header */
	uint64_t size;     /* uncompressed bytes of the member so far */
	uint64_t pad_left; /* zero bytes still to write */
	uint64_t total;    /* bytes of the whole archive, known from finish_begin on */
	uint32_t crc;
	uint32_t members;
	size_t fill;
	enum { ZIP_IDLE, ZIP_MEMBER, ZIP_PAD, ZIP_PADDED, ZIP_DEAD } state;
	char name[LIMIT_ZIP_NAME + 1];
	uint8_t block[ZIP_BLOCK_HEADER + ZIP_BLOCK];
};

void zip_write_init(struct zip_write *z, struct buf *dir, struct sink out);
/*
 * Starts a member. Names come in the profile's order: message.txt, files/001-..., files/002-...
 * (what follows is A-Z a-z 0-9 . _ -, at most LIMIT_ZIP_NAME bytes in all), manifest.json;
 * ERR_USAGE for any other. ERR_LIMIT when dir couldn't hold this member and the manifest: after a
 * member was begun there is always room for the end.
 */
enum err MUST_CHECK zip_write_begin(struct zip_write *z, const char *name);
/* Content of the member. What goes out per call is at most (n + ZIP_BLOCK) / ZIP_BLOCK full blocks
 * with their headers; the last 1 to ZIP_BLOCK bytes stay in the stage. */
enum err MUST_CHECK zip_write_put(struct zip_write *z, const void *p, size_t n);
enum err MUST_CHECK zip_write_end(struct zip_write *z);
/* Decides the padding (section 3) and writes the header of .padding. ERR_STATE before
 * manifest.json. */
enum err MUST_CHECK zip_write_finish_begin(struct zip_write *z);
/* Writes at most max zero bytes of the padding; ERR_AGAIN while more are to come. */
enum err MUST_CHECK zip_write_pad(struct zip_write *z, size_t max);
/* Writes directory and end record. The archive has exactly z->total bytes. */
enum err MUST_CHECK zip_write_finish_end(struct zip_write *z);
/* Accepts a zeroed struct. Doesn't touch *dir. */
void zip_write_wipe(struct zip_write *z);
/* Content of the current member, as a sink. */
struct sink zip_write_sink(struct zip_write *z);

#endif
