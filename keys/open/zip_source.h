#ifndef SEALSLOT_OPEN_ZIP_SOURCE_H
#define SEALSLOT_OPEN_ZIP_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Random access to authenticated plaintext: age_open_read behind a pointer. Must copy all n bytes
 * or fail. */
struct zip_source {
	enum err (*read)(void *ctx, uint64_t at, void *p, size_t n);
	void *ctx;
	uint64_t size;
};

/* The source never sees a request past its end, whatever the caller's checks have missed. */
static inline enum err
zip_source_read(const struct zip_source *s, uint64_t at, void *p, size_t n)
{
	if (at > s->size || n > s->size - at)
		return ERR_PROFILE;
	return s->read(s->ctx, at, p, n);
}

#endif
