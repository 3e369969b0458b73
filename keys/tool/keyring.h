#ifndef SEALSLOT_TOOL_KEYRING_H
#define SEALSLOT_TOOL_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "open/keystore.h"
#include "tool.h"

/* Which epoch keys a key store has, by name; none is opened. */
struct keyring {
	struct keystore_epoch *p; /* by inbox, number, replacement */
	size_t n;
};

enum err MUST_CHECK keyring_load(
    const struct keystore *k, struct keyring *out, struct tool_fault *f);
/* The newest key of an epoch; false if there is none. */
bool keyring_newest(
    const struct keyring *r, const char *inbox, uint32_t number, struct keystore_epoch *out);
/* Accepts a zeroed struct. */
void keyring_free(struct keyring *r);

/* Fills in a fault that names the key's file; ERR_NOMATCH says that it isn't the listed key.
 * Returns e.
 */
enum err keyring_refuse(struct tool_fault *f, enum err e, const struct keystore_epoch *epoch);
/* Reads a key; the fault names its file. */
enum err MUST_CHECK keyring_get(struct keystore *k, const struct keystore_epoch *epoch,
    struct identity **out, struct tool_fault *f);
/* Makes a key, stores it and gives its recipient. */
enum err MUST_CHECK keyring_make(struct keystore *k, const struct keystore_epoch *epoch,
    uint8_t recipient[static AGE_KEY], struct tool_fault *f);

#endif
