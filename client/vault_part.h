#ifndef SEALSLOT_CLIENT_VAULT_PART_H
#define SEALSLOT_CLIENT_VAULT_PART_H

#include "vault.h"

/* What the files of the vault share among themselves. */

/* vault.c: one with nothing open; NULL: no memory. For vault_free. */
struct vault *vault_new(void);
/* vault.c: opens the key store at v->keys_path. Errors as keystore_open. */
enum err MUST_CHECK vault_open_keys(
    struct vault *v, const struct secret_text *pass, struct vault_fault *fault);

/*
 * vault_keys.c: reads instance and root key from the key store into the catalog of a vault
 * that is being made. root_path: the root key's file, NULL for the key store's own.
 */
enum err MUST_CHECK vault_pin_keys(
    struct vault *v, const char *root_path, struct vault_fault *fault);
/* vault_keys.c: is the key store's root key, if it has one, still the pinned one, or has that
 * handed over to it? ERR_AUTH. */
enum err MUST_CHECK vault_check_root(struct vault *v, struct vault_fault *fault);

#endif
