#ifndef SEALSLOT_TOOL_TOOL_PASSPHRASE_H
#define SEALSLOT_TOOL_TOOL_PASSPHRASE_H

#include "base/err.h"
#include "open/secret.h"
#include "tool.h"

/*
 * The passphrase of a key store, for a verb: from a file (its first line), or from the terminal
 * when file is NULL. *out is empty before, and the caller's to wipe. Errors as those of
 * open/passphrase.h.
 */

/* The one that it has. */
enum err MUST_CHECK tool_passphrase(
    const char *file, const char *prompt, struct secret_text *out, struct tool_fault *f);
/*
 * That of a new one. On the terminal six random words are offered, and it is asked for twice.
 * ERR_LIMIT: shorter than LIMIT_NEW_PASSPHRASE.
 */
enum err MUST_CHECK tool_passphrase_new(
    const char *file, struct secret_text *out, struct tool_fault *f);

#endif
