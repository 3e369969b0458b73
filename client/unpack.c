#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#define PIECE (256 * 1024)

enum err
unpack_init(struct unpack *u, struct zip_source source)
{
	*u = (struct unpack){.source = source};
	tar_read_init(&u->tar);
	return (u->p = malloc(PIECE)) == NULL ? ERR_NOMEM : ERR_OK;
}

void
unpack_wipe(struct unpack *u)
{
	if (u->p != NULL)
		explicit_bzero(u->p, PIECE);
	free(u->p);
	*u = (struct unpack){0};
}

static enum err
take(struct unpack *u, void *p, size_t n)
{
	enum err e;

	e = n > u->source.size - u->at ? ERR_TRUNCATED : u->source.read(u->source.ctx, u->at, p, n);
	u->is_unread = e != ERR_OK;
	if (e == ERR_OK)
		u->at += n;
	return e;
}

/* The zeros that fill up the last block of a content. */
static enum err
take_padding(struct unpack *u)
{
	uint8_t pad[TAR_BLOCK];
	size_t n = tar_pad(u->member.size), i;
	enum err e;

	if ((e = take(u, pad, n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		if (pad[i] != 0)
			return ERR_FORMAT;
	return ERR_OK;
}

enum err
unpack_next(struct unpack *u)
{
	uint8_t block[TAR_BLOCK];
	enum err e;

	if (u->left != 0)
		return ERR_STATE;
	if ((e = take_padding(u)) != ERR_OK)
		return e;
	u->member = (struct tar_member){0};
	do {
		if ((e = take(u, block, sizeof block)) != ERR_OK)
			return e;
		e = tar_read_block(&u->tar, block, &u->member);
	} while (e == ERR_AGAIN);
	if (e == ERR_CLOSED && u->at != u->source.size)
		return ERR_FORMAT;
	if (e == ERR_OK)
		u->left = u->member.size;
	return e;
}

enum err
unpack_copy(struct unpack *u, struct sink out)
{
	size_t n;
	enum err e;

	for (; u->left > 0; u->left -= n) {
		n = u->left < PIECE ? (size_t)u->left : PIECE;
		if ((e = take(u, u->p, n)) != ERR_OK || (e = sink_put(out, u->p, n)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}
