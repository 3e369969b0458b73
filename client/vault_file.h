#ifndef SEALSLOT_CLIENT_VAULT_FILE_H
#define SEALSLOT_CLIENT_VAULT_FILE_H

#include <limits.h>

#include "base/err.h"
#include "vault.h"

/* vault.txt, the one file of a vault that is in the clear: what it is, and where its key store is.
 * dir is the vault's folder. */

/* The path of the key store, absolute. ERR_FORMAT, ERR_NOTFOUND; path is the vault's, for *fault.
 */
enum err MUST_CHECK vault_file_read(
    int dir, const char *path, char out[static PATH_MAX], struct vault_fault *fault);
/* As a new file, synced; keys_path is absolute and has no line feed. */
enum err MUST_CHECK vault_file_write(int dir, const char *keys_path);

#endif
