#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_wipe(struct buf *b)
{
	size_t max = b->max;

	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	buf_init(b, max);
}

void
buf_reset(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->len);
	b->len = 0;
}

/* A fresh block, never realloc: realloc would leave the old bytes behind. */
static enum err
make_room(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	uint8_t *p;

	if (n > b->max - b->len)
		return ERR_LIMIT;
	if (n <= cap - b->len)
		return ERR_OK;
	if (cap == 0)
		cap = BUF_FIRST;
	while (cap - b->len < n)
		cap = cap > SIZE_MAX / 2 ? b->len + n : cap * 2;
	if (cap > b->max)
		cap = b->max;
	if ((p = malloc(cap)) == NULL)
		return ERR_NOMEM;
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return ERR_OK;
}

enum err
buf_grow(struct buf *b, size_t n, uint8_t **p)
{
	enum err e;

	if ((e = make_room(b, n)) != ERR_OK)
		return e;
	*p = b->p + b->len;
	b->len += n;
	return ERR_OK;
}

enum err
buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to;
	enum err e;

	if (n == 0)
		return ERR_OK;
	if ((e = buf_grow(b, n, &to)) != ERR_OK)
		return e;
	memcpy(to, p, n);
	return ERR_OK;
}

enum err
buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

enum err
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *to;
	enum err e;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ERR_USAGE;
	/* One byte more for the NUL of vsnprintf, given back at once. */
	if ((e = buf_grow(b, (size_t)n + 1, &to)) != ERR_OK)
		return e;
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len--;
	return ERR_OK;
}

const char *
buf_cstr(struct buf *b)
{
	uint8_t *p;

	if (b->len == b->max)
		b->max++;
	if (buf_grow(b, 1, &p) != ERR_OK)
		return NULL;
	*p = '\0';
	b->len--;
	return (const char *)b->p;
}

static enum err
put(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

struct sink
buf_sink(struct buf *b)
{
	return (struct sink){put, b};
}
