#ifndef SEALSLOT_CLIENT_UNPACK_H
#define SEALSLOT_CLIENT_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "carry/tar.h"
#include "open/zip_read.h"

/* A tar archive inside an age file, member by member: what a vault's backup is. */
struct unpack {
	struct zip_source source; /* its bytes, authenticated as they are read */
	uint64_t at;              /* of the next byte to read */
	struct tar_read tar;
	struct tar_member member; /* the current one */
	uint64_t left;            /* of its content, not yet read */
	uint8_t *p;               /* owned */
	bool is_unread; /* the last error is the source's, not that of who takes the content */
};

enum err MUST_CHECK unpack_init(struct unpack *u, struct zip_source source);
void unpack_wipe(struct unpack *u); /* accepts a zeroed struct */
/*
 * Goes to the next member; the content of the one before must have been read.
 * ERR_CLOSED at the end, with nothing behind it; ERR_FORMAT, ERR_PROFILE, ERR_TRUNCATED.
 */
enum err MUST_CHECK unpack_next(struct unpack *u);
/* Passes the whole content of the current member on. */
enum err MUST_CHECK unpack_copy(struct unpack *u, struct sink out);

#endif
