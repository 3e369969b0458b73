#ifndef SEALSLOT_TOOL_TOOL_OPEN_H
#define SEALSLOT_TOOL_TOOL_OPEN_H

#include "base/err.h"
#include "open/keystore.h"
#include "tool.h"

/* Opening a key store for a verb. *out is the caller's (keystore_free). Errors as keystore_open. */

enum err MUST_CHECK tool_open_with(
    const char *path, const struct secret_text *pass, struct keystore **out, struct tool_fault *f);
/* To change it: asks for the passphrase, or takes it from a file (NULL: asks), then tool_lock. */
enum err MUST_CHECK tool_open_locked(
    const char *path, const char *passphrase_file, struct keystore **out, struct tool_fault *f);
/* Without any secret. */
enum err MUST_CHECK tool_open_public(const char *path, struct keystore **out, struct tool_fault *f);

#endif
