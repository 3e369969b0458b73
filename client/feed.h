#ifndef SEALSLOT_CLIENT_FEED_H
#define SEALSLOT_CLIENT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sink.h"
#include "carry/tar.h"

/*
 * A bundle as it comes off a file or a pipe: its members one after the other,
 * each read once. ERR_TRUNCATED whenever it ends before it should.
 */
struct feed {
	int fd; /* borrowed */
	bool is_seekable;
	bool is_broken; /* the medium can't be read: a system call on fd failed */
	uint8_t *p;     /* owned: what was read and not yet used is p[at..len) */
	size_t at, len;
	uint64_t done; /* bytes used or skipped so far */
	struct tar_read tar;
	struct tar_member member; /* the current one */
	uint64_t left;            /* of its content, not yet used */
};

enum err MUST_CHECK feed_init(struct feed *f, int fd);
void feed_wipe(struct feed *f); /* accepts a zeroed struct */
/*
 * Skips what is left of the current member and goes to the next: f->member.
 * ERR_CLOSED at the end of the archive; ERR_FORMAT, ERR_PROFILE as tar_read_block: nothing behind
 * it can be found.
 */
enum err MUST_CHECK feed_next(struct feed *f);
/* Appends the whole content of the current member. ERR_LIMIT if out can't hold it. */
enum err MUST_CHECK feed_read(struct feed *f, struct buf *out);
/* Passes the whole content of the current member on. */
enum err MUST_CHECK feed_copy(struct feed *f, struct sink out);

#endif
