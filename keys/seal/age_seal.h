#ifndef SEALSLOT_SEAL_AGE_SEAL_H
#define SEALSLOT_SEAL_AGE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "seal/age.h"

/*
 * Writing one age v1 file for 1 to LIMIT_AGE_RECIPIENTS X25519 recipients
 * (keys/FORMATS.md section 1), in two layers:
 *
 * - age_header_write and age_chunk_seal are the primitives; a worker thread
 *   seals chunks of one file with them, the counter tells the chunk's place;
 * - struct age_seal is the push stage over both, for everything that isn't in
 *   a hurry.
 */

/* The secret of one file's payload; wiped by its owner. */
struct age_payload {
	uint8_t key[AGE_KEY];
};

/*
 * Makes a fresh file key, writes the header and the payload nonce to out, and
 * gives the payload key. ERR_USAGE for 0 or too many recipients, ERR_CRYPTO
 * for a recipient that is a weak point, or what out returns.
 */
enum err MUST_CHECK age_header_write(
    struct age_payload *p, const uint8_t (*recipients)[AGE_KEY], size_t n, struct sink out);

/*
 * Seals chunk number counter: n bytes at in (AGE_CHUNK for all but the last;
 * 1 to AGE_CHUNK for the last, 0 only if it is the only one) become n + AGE_TAG bytes at out.
 * in and out may be the same. Can't fail; safe on several threads.
 */
void age_chunk_seal(const struct age_payload *p, uint64_t counter, bool is_last, uint8_t *out,
    const uint8_t *in, size_t n);

void age_payload_wipe(struct age_payload *p);

/* Bytes of the whole file: header for n recipients, nonce, plaintext of plain_len bytes in chunks.
 */
uint64_t age_sealed_size(size_t n_recipients, uint64_t plain_len);

struct age_seal {
	struct age_payload payload;
	struct sink out;
	uint64_t counter;
	size_t fill;
	uint8_t chunk[AGE_SEALED_CHUNK];
	bool is_dead; /* after finish, or after a failure */
};

/* Writes the header at once. Errors as age_header_write. */
enum err MUST_CHECK age_seal_init(
    struct age_seal *s, const uint8_t (*recipients)[AGE_KEY], size_t n, struct sink out);
enum err MUST_CHECK age_seal_put(struct age_seal *s, const void *p, size_t n);
/* Seals the last chunk. The stage is over afterwards: wipe it. */
enum err MUST_CHECK age_seal_finish(struct age_seal *s);
/* Accepts a zeroed struct. */
void age_seal_wipe(struct age_seal *s);
/* The stage as a sink for the one before it. */
struct sink age_seal_sink(struct age_seal *s);

#endif
