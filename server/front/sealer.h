#ifndef SEALSLOT_FRONT_SEALER_H
#define SEALSLOT_FRONT_SEALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "seal/age_seal.h"

/*
 * The worker threads that seal chunks and write them, so that receiving,
 * sealing and writing overlap. Chunks of one file are written in the order of
 * submission. Completions arrive through a queue and an eventfd; callbacks run
 * on the event thread, in sealer_on_readable, never on a worker. All
 * functions are for the event thread; none of them waits for a worker but sealer_free.
 *
 * A chunk is sealed where it lies: once a worker has had it, no plaintext is left of it. Buffers
 * that come back unsealed are wiped. A buffer costs no memory until it is written to, and idle
 * ones go back to the kernel when the last file is gone.
 */
struct sealer;
struct sealer_file; /* one file being written: payload key, descriptor, counter */

/* workers: threads, 1 or more; chunks: how many chunks may be in the workers' hands at once. */
enum err MUST_CHECK sealer_new(unsigned workers, unsigned chunks, struct sealer **out);
/* All files must have been let go. Waits for the workers, wipes. Accepts NULL. */
void sealer_free(struct sealer *s);
/* Readable when completions wait. */
int sealer_fd(const struct sealer *s);
void sealer_on_readable(struct sealer *s);

/*
 * ready comes when a buffer that sealer_buffer had refused can be had. finished comes exactly once
 * and last: when everything is written and the descriptor is closed, or with the first error
 * (ERR_NOSPACE, ERR_SYS). Callbacks may call anything here.
 */
struct sealer_events {
	void *ctx;
	void (*ready)(void *ctx);
	void (*finished)(void *ctx, enum err e, uint64_t bytes_written);
};
/* fd becomes the sealer's, also on failure: closed by a worker after the last chunk or after
 * sealer_file_free. */
enum err MUST_CHECK sealer_file_new(
    struct sealer *s, int fd, const struct sealer_events *events, struct sealer_file **out);

/* What age_header_write gives for LIMIT_AGE_RECIPIENTS. */
#define SEALER_HEADER_MAX (AGE_X25519_HEADER(LIMIT_AGE_RECIPIENTS) + AGE_NONCE)
/* Once, before the first chunk: the payload key, and the header that a worker will write in front
 * of it; both are copied. ERR_USAGE: longer than SEALER_HEADER_MAX. */
enum err MUST_CHECK sealer_file_start(
    struct sealer_file *f, const struct age_payload *key, const void *header, size_t n);

/* A buffer of AGE_CHUNK bytes, to be submitted or dropped. ERR_AGAIN: too much is in the workers'
 * hands, ready will be called. ERR_NOMEM. */
enum err MUST_CHECK sealer_buffer(struct sealer_file *f, uint8_t **out);
/* Hands the buffer back, filled with n bytes, to be sealed and written: AGE_CHUNK but for the last.
 * After is_last no more may come. */
void sealer_submit(struct sealer_file *f, uint8_t *buffer, size_t n, bool is_last);
/* Gives a buffer back of which the first `used` bytes were written to: they are wiped. Accepts
 * NULL. */
void sealer_drop(struct sealer *s, uint8_t *buffer, size_t used);
/*
 * Lets go of f, in any state and from any callback: no more callbacks, what was
 * submitted is wiped, the descriptor is closed by a worker. Buffers that the
 * owner holds must be dropped before. Accepts NULL.
 */
void sealer_file_free(struct sealer_file *f);

#endif
