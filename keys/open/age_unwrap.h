#ifndef SEALSLOT_OPEN_AGE_UNWRAP_H
#define SEALSLOT_OPEN_AGE_UNWRAP_H

#include <stdint.h>

#include "base/err.h"
#include "open/age_header.h"
#include "open/identity.h"
#include "open/secret.h"
#include "seal/age.h"

/*
 * From a complete header to the file key, with the header's MAC verified.
 * Exactly one of ids and pass is not NULL. *id is the identity that fitted,
 * borrowed from ids; NULL for a passphrase.
 *
 * An scrypt stanza beside others is refused, whatever we hold. With identities,
 * every X25519 stanza must be valid, also those for somebody else, before
 * anything is computed. ERR_FORMAT, ERR_LIMIT (work factor), ERR_NOMATCH,
 * ERR_PASSPHRASE, ERR_MAC (unwrapped, but the header was changed), ERR_NOMEM.
 */
enum err MUST_CHECK age_unwrap(const struct age_header *h, const struct identity_set *ids,
    const struct secret_text *pass, uint8_t file_key[static AGE_FILE_KEY],
    const struct identity **id);

/* HMAC-SHA-256 under the file key's header key, over n bytes of header. */
void age_unwrap_mac(uint8_t mac[static AGE_HEADER_MAC], const uint8_t file_key[static AGE_FILE_KEY],
    const void *header, size_t n);

#endif
