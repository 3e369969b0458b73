#ifndef SEALSLOT_TEST_HARNESS_H
#define SEALSLOT_TEST_HARNESS_H

/* What every unit test starts from: cmocka, a memory sink, a splitter, a scratch folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/random.h"
#include "base/sink.h"

#define assert_ok(call)     assert_int_equal((call), ERR_OK)
#define assert_err(call, e) assert_int_equal((call), (e))

/* A sink that appends to a buf. */
static inline enum err
harness_put(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

static inline struct sink
harness_sink(struct buf *b)
{
	return (struct sink){harness_put, b};
}

/* n bytes that no compressor and no accident repeats; the same for the same seed. */
static inline void
harness_fill(uint8_t *p, size_t n, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (uint8_t)(x >> 11);
	}
}

/* A fresh folder of mode 0700; its path is static until the next call. Remove it with
 * harness_rmdir. */
static inline const char *
harness_mkdir(void)
{
	static char path[64];

	strcpy(path, "/tmp/sealslot-unit-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void
harness_rmdir(const char *path)
{
	char cmd[128];

	snprintf(cmd, sizeof cmd, "rm -rf -- '%s'", path);
	assert_int_equal(system(cmd), 0);
}

#endif
