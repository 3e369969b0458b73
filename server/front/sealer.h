#ifndef SEALSLOT_FRONT_SEALER_H
#define SEALSLOT_FRONT_SEALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/age_seal.h"

/*
 * The worker threads that seal chunks and write them, so that receiving,
 * sealing and writing overlap. Chunks of one file are written in the order of
 * submission. Completions arrive through a queue and an eventfd; callbacks run
 * on the event thread, in sealer_on_readable, never on a worker.
 *
 * Plaintext buffers come from a bounded pool of this sealer and are wiped when they go back.
 */
struct sealer;
struct sealer_file; /* one file being written: payload key, descriptor, counter */

/* workers: threads; buffers: how many plaintext chunks may be in the workers' hands at once. */
enum err MUST_CHECK sealer_new(unsigned workers, unsigned buffers, struct sealer **out);
/* Waits for the workers, wipes. Accepts NULL. */
void sealer_free(struct sealer *s);
/* Readable when completions wait. */
int sealer_fd(const struct sealer *s);
void sealer_on_readable(struct sealer *s);

/*
 * fd becomes the sealer's: closed after the last chunk or sealer_file_abort. progress is called
 * after each chunk that was written, and finished exactly once, when everything is written and the
 * descriptor is closed, or with the first error. Header bytes are written by the caller before
 * this.
 */
struct sealer_events {
	void *ctx;
	void (*progress)(void *ctx);
	void (*finished)(void *ctx, enum err e, uint64_t bytes_written);
};
enum err MUST_CHECK sealer_file_new(struct sealer *s, const struct age_payload *key, int fd,
    const struct sealer_events *events, struct sealer_file **out);
/* An empty plaintext buffer of AGE_CHUNK bytes for this file; ERR_AGAIN: progress will be called on
 * some file's completion. */
enum err MUST_CHECK sealer_buffer(struct sealer_file *f, uint8_t **out);
/* Hands the buffer back, filled with n bytes, to be sealed and written. After is_last no more may
 * come. */
void sealer_submit(struct sealer_file *f, uint8_t *buffer, size_t n, bool is_last);
/* Gives up: no more callbacks; buffer (may be NULL) is wiped, descriptor closed once no worker uses
 * it. f is gone. */
void sealer_file_abort(struct sealer_file *f, uint8_t *buffer);

#endif
