#ifndef SEALSLOT_OPEN_AGE_HEADER_H
#define SEALSLOT_OPEN_AGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

/*
 * The textual header of an age v1 file (keys/FORMATS.md section 1), as a push
 * parser: syntax only, no cryptography, no malloc. It keeps the bytes as they
 * were received, because the MAC covers exactly those.
 */
#define AGE_HEADER_MAC 32

/* One recipient stanza; offsets into the header's bytes. */
struct age_header_stanza {
	uint32_t args;      /* the first argument */
	uint32_t args_len;  /* bytes of all arguments and the spaces between them */
	uint32_t body;      /* the first line of the body */
	uint32_t body_size; /* bytes that the body decodes to */
};

struct age_header {
	uint8_t raw[LIMIT_AGE_HEADER];
	size_t len;     /* bytes received */
	size_t line;    /* where the current line begins */
	size_t mac_len; /* bytes that the MAC covers */
	uint8_t mac[AGE_HEADER_MAC];
	struct age_header_stanza stanzas[LIMIT_AGE_STANZAS];
	size_t n_stanzas;
	enum {
		AGE_HEADER_VERSION,
		AGE_HEADER_NEXT,
		AGE_HEADER_BODY,
		AGE_HEADER_DONE,
		AGE_HEADER_DEAD
	} state;
};

void age_header_init(struct age_header *h);
/*
 * Takes bytes until the header is complete. *used says how many of the n
 * belonged to it: all of them with ERR_AGAIN (more are needed), the first few
 * with ERR_OK (complete: the payload's nonce follows). ERR_FORMAT, or
 * ERR_LIMIT past LIMIT_AGE_HEADER or LIMIT_AGE_STANZAS; ERR_STATE when called
 * after any of these.
 */
enum err MUST_CHECK age_header_put(struct age_header *h, const void *p, size_t n, size_t *used);

/* How many arguments the stanza has; its type is argument 0. */
size_t age_header_args(const struct age_header *h, const struct age_header_stanza *s);
/* Argument i, borrowed, not terminated; NULL if there is none. */
const char *age_header_arg(
    const struct age_header *h, const struct age_header_stanza *s, size_t i, size_t *len);
/* Is the stanza of this type? Types are case-sensitive. */
bool age_header_is(const struct age_header *h, const struct age_header_stanza *s, const char *type);
/*
 * The body, which must be exactly n bytes and short enough for one line (at
 * most 47): longer bodies belong to types that we don't open. ERR_FORMAT.
 */
enum err MUST_CHECK age_header_body(
    const struct age_header *h, const struct age_header_stanza *s, uint8_t *out, size_t n);

#endif
