#ifndef SEALSLOT_TEST_OPEN_AGE_RIG_H
#define SEALSLOT_TEST_OPEN_AGE_RIG_H

/* Age files in memory, opened to the last chunk. */
#include "fixture.h"

/* The sizes where something changes. */
static const size_t sizes[] = {0, 1, 15, 16, 17, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1,
    2 * AGE_CHUNK - 1, 2 * AGE_CHUNK, 2 * AGE_CHUNK + 1, 4 * AGE_CHUNK, 5 * AGE_CHUNK + 17};
#define N_SIZES (sizeof sizes / sizeof sizes[0])

static inline enum err
open_mem(const struct buf *b, const struct identity_set *ids, struct age_open **a)
{
	return age_open_mem(b->p, b->len, ids, NULL, a);
}

/* Opens and reads all chunks; nothing is left open. */
static inline enum err
open_all(const void *p, size_t n, const struct identity_set *ids)
{
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK);
	struct age_open *a = NULL;
	size_t got;
	uint64_t i;
	enum err e;

	assert_non_null(chunk);
	e = age_open_mem(p, n, ids, NULL, &a);
	for (i = 0; e == ERR_OK && i < age_open_chunks(a); i++)
		e = age_open_chunk(a, i, chunk, &got);
	age_open_free(a);
	free(chunk);
	return e;
}

#endif
