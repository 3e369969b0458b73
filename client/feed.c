#include "feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEED_ROOM (1024 * 1024)

enum err
feed_init(struct feed *f, int fd)
{
	*f = (struct feed){.fd = fd, .is_seekable = lseek(fd, 0, SEEK_CUR) != -1};
	tar_read_init(&f->tar);
	return (f->p = malloc(FEED_ROOM)) == NULL ? ERR_NOMEM : ERR_OK;
}

void
feed_wipe(struct feed *f)
{
	free(f->p);
	*f = (struct feed){0};
}

/* Some bytes, once there are none left. */
static enum err
refill(struct feed *f)
{
	ssize_t n;

	if (f->at < f->len)
		return ERR_OK;
	do
		n = read(f->fd, f->p, FEED_ROOM);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		f->is_broken = true;
		return ERR_SYS;
	}
	if (n == 0)
		return ERR_TRUNCATED;
	f->at = 0;
	f->len = (size_t)n;
	return ERR_OK;
}

/* At most n bytes that are there, now used. */
static enum err
take(struct feed *f, uint64_t n, const uint8_t **p, size_t *got)
{
	enum err e;

	if ((e = refill(f)) != ERR_OK)
		return e;
	*got = f->len - f->at;
	if (*got > n)
		*got = (size_t)n;
	*p = f->p + f->at;
	f->at += *got;
	f->done += *got;
	return ERR_OK;
}

static enum err
take_block(struct feed *f, uint8_t block[static TAR_BLOCK])
{
	const uint8_t *p;
	size_t have = 0, n;
	enum err e;

	for (; have < TAR_BLOCK; have += n) {
		if ((e = take(f, TAR_BLOCK - have, &p, &n)) != ERR_OK)
			return e;
		memcpy(block + have, p, n);
	}
	return ERR_OK;
}

/*
 * Seeks over what isn't in the buffer, but for the last byte: reading that one
 * tells whether the file really goes so far.
 */
static enum err
skip(struct feed *f, uint64_t n)
{
	uint64_t far = n > f->len - f->at ? n - (f->len - f->at) : 0;
	const uint8_t *p;
	size_t got;
	enum err e;

	if (f->is_seekable && far > FEED_ROOM) {
		if (lseek(f->fd, (off_t)(far - 1), SEEK_CUR) == -1) {
			f->is_broken = true;
			return ERR_SYS;
		}
		f->at = f->len;
		f->done += n - 1;
		n = 1;
	}
	for (; n > 0; n -= got)
		if ((e = take(f, n, &p, &got)) != ERR_OK)
			return e;
	return ERR_OK;
}

enum err
feed_next(struct feed *f)
{
	uint8_t block[TAR_BLOCK];
	enum err e;

	if ((e = skip(f, f->left)) != ERR_OK || (e = skip(f, tar_pad(f->member.size))) != ERR_OK)
		return e;
	f->left = 0;
	f->member = (struct tar_member){0};
	do {
		if ((e = take_block(f, block)) != ERR_OK)
			return e;
		e = tar_read_block(&f->tar, block, &f->member);
	} while (e == ERR_AGAIN);
	if (e == ERR_OK)
		f->left = f->member.size;
	return e;
}

enum err
feed_copy(struct feed *f, struct sink out)
{
	const uint8_t *p;
	size_t n;
	enum err e;

	while (f->left > 0) {
		if ((e = take(f, f->left, &p, &n)) != ERR_OK)
			return e;
		f->left -= n;
		if ((e = sink_put(out, p, n)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
feed_read(struct feed *f, struct buf *out)
{
	if (f->left > out->max - out->len)
		return ERR_LIMIT;
	return feed_copy(f, buf_sink(out));
}
