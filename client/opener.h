#ifndef SEALSLOT_CLIENT_OPENER_H
#define SEALSLOT_CLIENT_OPENER_H

#include <stdint.h>

#include "base/err.h"
#include "open/age_open.h"
#include "open/zip_read.h"

/*
 * Reads the plaintext of one submission for zip_read. A read opens only the
 * chunks that it touches. Who is about to read a whole range in order says so
 * with opener_ahead: from then on worker threads, one per core, open that range's chunks in
 * advance, and the reads pick them up in order.
 */
struct opener;

/* a is borrowed until opener_free. */
enum err MUST_CHECK opener_new(struct age_open *a, struct opener **out);
/* Ends the workers, wipes all plaintext. Accepts NULL. */
void opener_free(struct opener *o);
struct zip_source opener_source(struct opener *o);
/*
 * Plaintext bytes [from, to) will be read in order now; a range announced
 * before is forgotten. Short ranges are left to the reads themselves. ERR_SYS or ERR_NOMEM when
 * threads can't be had.
 */
enum err MUST_CHECK opener_ahead(struct opener *o, uint64_t from, uint64_t to);

#endif
