#ifndef SEALSLOT_CLIENT_SWEEP_H
#define SEALSLOT_CLIENT_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "open/age_open.h"

/*
 * Opens a long range of a file's plaintext with one thread per core, each a run of chunks at a
 * time, and hands each run over on the thread that opened it, while it is in that core's cache:
 * nothing is copied from thread to thread, and nobody waits for the run before.
 */
#define SWEEP_RUN ((size_t)4 * AGE_CHUNK) /* bytes */

/*
 * Run i's part of the range: the n bytes of plaintext from offset `at` on, which the visitor may
 * change. Called on any thread, several at once, in any order; once for each i below sweep_runs,
 * but for those behind an error.
 */
struct sweep_visitor {
	void *ctx;
	enum err (*visit)(void *ctx, size_t i, uint64_t at, uint8_t *p, size_t n);
};

/* How many runs plaintext bytes [from, to) lie in. */
size_t sweep_runs(uint64_t from, uint64_t to);
/*
 * Returns when all is done: with the error, and errno, of the first run that has one, else ERR_OK.
 * All plaintext is wiped. ERR_TRUNCATED: to is behind the plaintext's end; ERR_NOMEM.
 */
enum err MUST_CHECK sweep(
    const struct age_open *a, uint64_t from, uint64_t to, struct sweep_visitor visitor);

#endif
