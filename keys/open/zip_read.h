#ifndef SEALSLOT_OPEN_ZIP_READ_H
#define SEALSLOT_OPEN_ZIP_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/sink.h"
#include "open/zip_source.h"
#include "seal/zip.h"

/*
 * The strict reader of Sealslot's ZIP profile (keys/FORMATS.md section 2). It
 * parses the central directory, writes it again from what it parsed and
 * compares the bytes; members must tile the file. Whatever isn't exactly what
 * zip_write would have written is ERR_PROFILE.
 */

struct zip_member {
	char name[LIMIT_ZIP_NAME + 1];
	uint64_t size;   /* uncompressed bytes */
	uint64_t header; /* offset of the local header */
	uint64_t data;   /* offset of the first block header */
	uint32_t crc;
};

struct zip_read {
	struct zip_source source;
	struct zip_member
	    *members; /* owned; without .padding: message.txt, files/..., manifest.json */
	size_t n_members;
	uint64_t padding;    /* bytes of zeros */
	uint64_t padding_at; /* where they begin */
};

/*
 * Reads the directory and checks every local header and descriptor: a few chunks per member, no
 * member's content. ERR_PROFILE, ERR_NOMEM, or what the source returns. *out is the caller's.
 */
enum err MUST_CHECK zip_read_open(struct zip_source source, struct zip_read **out);
/* Accepts NULL. */
void zip_read_free(struct zip_read *z);
/* NULL if there is none of that name. Borrowed. */
const struct zip_member *zip_read_find(const struct zip_read *z, const char *name);
/*
 * Streams a member's content to out, checking every block header (ERR_PROFILE), and at the end the
 * CRC (ERR_FORMAT). What out got before an error must be thrown away.
 */
enum err MUST_CHECK zip_read_member(
    struct zip_read *z, const struct zip_member *m, struct sink out);
/*
 * n content bytes of a member from offset at, checking the block headers, without the CRC (the
 * chunks are authenticated). ERR_TRUNCATED past the member's end. After an error p is of no use.
 */
enum err MUST_CHECK zip_read_part(
    struct zip_read *z, const struct zip_member *m, uint64_t at, void *p, size_t n);
/* Content bytes [at, at + n) of a member, at p. */
struct zip_piece {
	uint64_t at;
	uint8_t *p;
	size_t n;
};
/*
 * For who has the archive's bytes [at, at + n) at p already, all of them within m's data (blocks
 * and their headers): checks what there is of block headers and takes them out, in place.
 * ERR_PROFILE. Pure: may run on any thread.
 */
enum err MUST_CHECK zip_read_pick(
    const struct zip_member *m, uint64_t at, uint8_t *p, size_t n, struct zip_piece *out);
/* Are all padding bytes zero? ERR_PROFILE if not. Reads all of them. */
enum err MUST_CHECK zip_read_check_padding(struct zip_read *z);

#endif
