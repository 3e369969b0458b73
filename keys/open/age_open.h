#ifndef SEALSLOT_OPEN_AGE_OPEN_H
#define SEALSLOT_OPEN_AGE_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "open/identity.h"
#include "open/secret.h"
#include "seal/age.h"

/*
 * Opening age v1 files (keys/FORMATS.md section 1). age_open_fd reads and
 * authenticates the header AND the last chunk before it returns ERR_OK: the
 * size it then tells is authentic. Every other byte is authenticated before it
 * is handed out.
 *
 * Errors: ERR_FORMAT (header or a stanza of a known type malformed),
 * ERR_LIMIT, ERR_NOMATCH, ERR_MAC, ERR_PASSPHRASE (scrypt stanza: wrong
 * passphrase), ERR_TRUNCATED, ERR_AUTH (a chunk), ERR_SYS.
 */
struct age_open;

/* fd must be seekable and stays the caller's until age_open_free. Exactly one of ids and pass is
 * not NULL. */
enum err MUST_CHECK age_open_fd(
    int fd, const struct identity_set *ids, const struct secret_text *pass, struct age_open **out);
/* The same for an age file in memory, borrowed until age_open_free. */
enum err MUST_CHECK age_open_mem(const void *p, size_t n, const struct identity_set *ids,
    const struct secret_text *pass, struct age_open **out);
/* Accepts NULL; wipes all keys and plaintext. */
void age_open_free(struct age_open *a);

/* Plaintext bytes. */
uint64_t age_open_size(const struct age_open *a);
/* Number of chunks. */
uint64_t age_open_chunks(const struct age_open *a);
/* How many stanzas the header has, of any type. */
size_t age_open_stanzas(const struct age_open *a);
/* The identity (borrowed from the set) that opened the header; NULL for a passphrase. */
const struct identity *age_open_identity(const struct age_open *a);

/*
 * Reads and authenticates chunk i into out (AGE_SEALED_CHUNK bytes of room);
 * *n is its plaintext size. Safe on several threads with an out each.
 */
enum err MUST_CHECK age_open_chunk(
    const struct age_open *a, uint64_t i, uint8_t out[static AGE_SEALED_CHUNK], size_t *n);
/*
 * Copies n plaintext bytes from offset at; reads only the chunks that hold
 * them (the last one used is kept). ERR_TRUNCATED past the end. One thread.
 */
enum err MUST_CHECK age_open_read(struct age_open *a, uint64_t at, void *p, size_t n);

/* Opens a small age file whole, into a fresh *out that the caller wipes. ERR_LIMIT past max. */
enum err MUST_CHECK age_open_small(const void *p, size_t n, const struct identity_set *ids,
    const struct secret_text *pass, size_t max, struct secret_text *out);

#endif
