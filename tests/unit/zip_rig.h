#ifndef SEALSLOT_TEST_ZIP_RIG_H
#define SEALSLOT_TEST_ZIP_RIG_H

/* Archives written by the writer, for its own tests and the reader's. */
#include "harness.h"

#include "seal/zip_write.h"

#define BIG     (40ULL << 20) /* more than any archive in memory here */
#define GIB     (1ULL << 30)
#define SMALL   262144 /* bytes of the smallest archive */
#define CONTENT (3 * ZIP_BLOCK + 77)

static uint8_t content[CONTENT];

/* Set up each group of tests with it. */
static inline int
fill_content(void **state)
{
	(void)state;
	harness_fill(content, sizeof content, 7);
	return 0;
}

static inline void
member(struct zip_write *z, const char *name, const void *p, size_t n)
{
	assert_ok(zip_write_begin(z, name));
	assert_ok(zip_write_put(z, p, n));
	assert_ok(zip_write_end(z));
}

/* step: zeros at a time */
static inline void
finish(struct zip_write *z, size_t step)
{
	enum err e;

	assert_ok(zip_write_finish_begin(z));
	while ((e = zip_write_pad(z, step)) == ERR_AGAIN)
		;
	assert_ok(e);
	assert_ok(zip_write_finish_end(z));
	assert_int_equal(z->offset, z->total);
}

#endif
