#ifndef SEALSLOT_CARRY_TAR_H
#define SEALSLOT_CARRY_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The ustar headers of bundles (keys/FORMATS.md section 6): regular files
 * only, mode 0600, owner 0, date 0, names of printable ASCII without a leading
 * '/' and without "..". A size from 8 GiB on stands in a pax record before the
 * member. Content is padded to 512 bytes with zeros; the archive ends with two
 * zero blocks.
 */
#define TAR_BLOCK    512
#define TAR_NAME_MAX 99
#define TAR_HEAD_MAX (3 * TAR_BLOCK) /* pax header, pax body, ustar header */
#define TAR_END_LEN  (2 * TAR_BLOCK)

/* Writes the header blocks of a member; *len is 512, or 1536 with a pax record. ERR_LIMIT,
 * ERR_USAGE (name). */
enum err MUST_CHECK tar_header_write(
    uint8_t out[static TAR_HEAD_MAX], size_t *len, const char *name, uint64_t size);
/* Zero bytes that follow a content of this size. */
size_t tar_pad(uint64_t size);

struct tar_member {
	char name[TAR_NAME_MAX + 1];
	uint64_t size;
};

/*
 * Push parser for headers: feed it one block at a time. ERR_AGAIN: more blocks
 * are needed; ERR_OK: *m is a member, its content follows; ERR_CLOSED: the end
 * marker is complete; ERR_FORMAT: damaged; ERR_PROFILE: a valid tar, but with
 * things that no bundle has (links, folders, devices, long names).
 */
struct tar_read {
	uint64_t pax_size;
	unsigned zero_blocks;
	enum { TAR_HEADER, TAR_PAX_BODY, TAR_AFTER_PAX, TAR_ENDED } state;
};
void tar_read_init(struct tar_read *t);
enum err MUST_CHECK tar_read_block(
    struct tar_read *t, const uint8_t block[static TAR_BLOCK], struct tar_member *m);

#endif
