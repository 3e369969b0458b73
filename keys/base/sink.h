#ifndef SEALSLOT_BASE_SINK_H
#define SEALSLOT_BASE_SINK_H

#include <stddef.h>

#include "err.h"

/*
 * The one interface between the stages of a pipeline. put takes all n bytes or
 * fails; after a failure the pipeline is dead and only wipes may follow.
 * The bytes are borrowed for the duration of the call.
 */
struct sink {
	enum err (*put)(void *ctx, const void *p, size_t n);
	void *ctx;
};

static inline enum err MUST_CHECK
sink_put(struct sink s, const void *p, size_t n)
{
	return s.put(s.ctx, p, n);
}

#endif
