#ifndef SEALSLOT_CLIENT_VAULT_FAULT_H
#define SEALSLOT_CLIENT_VAULT_FAULT_H

#include "vault.h"

/* What the files of the vault share among themselves. */

/* Notes which file it was (name may be NULL), and why in plain words (may be NULL). */
void vault_fault(struct vault_fault *f, const char *dir, const char *name, const char *why);

/*
 * Reads instance and root key from the key store into the catalog of a vault
 * that is being made. root_path: the root key's file, NULL for the key store's own.
 */
enum err MUST_CHECK vault_pin_keys(
    struct vault *v, const char *root_path, struct vault_fault *fault);
/* Is the key store's root key, if it has one, still the pinned one, or has that handed over to it?
 * ERR_AUTH. */
enum err MUST_CHECK vault_check_root(struct vault *v, struct vault_fault *fault);

#endif
