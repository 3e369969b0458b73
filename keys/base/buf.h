#ifndef SEALSLOT_BASE_BUF_H
#define SEALSLOT_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "sink.h"

/*
 * The one growable byte buffer: bounded, and wiped whenever memory is let go,
 * also while growing. A failed call leaves the content as it was.
 */
struct buf {
	uint8_t *p; /* owned; NULL while empty */
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes it may ever hold */
};

/* An empty buffer of at most max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Wipes and frees the memory; the buffer is empty and usable again. Accepts a zeroed struct. */
void buf_wipe(struct buf *b);
/* Wipes the content, keeps the memory. */
void buf_reset(struct buf *b);
/* Appends n bytes. ERR_LIMIT past max, ERR_NOMEM. */
enum err MUST_CHECK buf_add(struct buf *b, const void *p, size_t n);
enum err MUST_CHECK buf_add_str(struct buf *b, const char *s);
/* Appends formatted text (no NUL is stored). ERR_LIMIT past max, ERR_NOMEM, ERR_USAGE for a bad
 * format. */
enum err MUST_CHECK buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends n bytes for the caller to fill in; *p is valid until the next call on b. */
enum err MUST_CHECK buf_grow(struct buf *b, size_t n, uint8_t **p);
/* A NUL behind the content (not counted in len), to read it as a C string; NULL when out of memory.
 */
const char *buf_cstr(struct buf *b);
/* A sink that appends to b. */
struct sink buf_sink(struct buf *b);

#endif
