#ifndef SEALSLOT_CLIENT_VAULT_FAULT_H
#define SEALSLOT_CLIENT_VAULT_FAULT_H

#include "vault.h"

/* What went wrong with a file of a vault; for those that work with its folders. */

/* Notes which file it was (name may be NULL), and why in plain words (may be NULL). */
void vault_fault(struct vault_fault *f, const char *dir, const char *name, const char *why);
/* Why a folder can't be opened, or made, as a vault. Returns e. */
enum err vault_fault_folder(struct vault_fault *f, const char *path, enum err e);

#endif
