#ifndef SEALSLOT_FRONT_CHUNKS_H
#define SEALSLOT_FRONT_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "front/sealer.h"

/*
 * Between the archive and the sealer: cuts a stream into chunks. A push stage
 * can't stop half-way, so its owner reserves room for the most that a step can
 * put out before taking the step. A full chunk is submitted only when a byte
 * behind it comes, because the last chunk is sealed differently.
 */
#define CHUNKS_SPARE 3

struct chunks {
	struct sealer *sealer;    /* borrowed */
	struct sealer_file *file; /* borrowed */
	uint8_t *current;         /* NULL: none yet */
	size_t fill;              /* bytes in current */
	size_t n_spare;
	uint8_t *spare[CHUNKS_SPARE]; /* empty */
};

void chunks_init(struct chunks *c, struct sealer *s, struct sealer_file *f);
/* Makes sure that the next n bytes, at most CHUNKS_SPARE * AGE_CHUNK, find room. ERR_AGAIN: not
 * now, as sealer_buffer. */
enum err MUST_CHECK chunks_reserve(struct chunks *c, size_t n);
/* Takes bytes for which there is room; ERR_STATE otherwise. */
struct sink chunks_sink(struct chunks *c);
/* Submits the rest as the last chunk. ERR_STATE if nothing was ever put. */
enum err MUST_CHECK chunks_finish(struct chunks *c);
/* Wipes and gives back what it holds. Accepts a zeroed struct. */
void chunks_wipe(struct chunks *c);

#endif
