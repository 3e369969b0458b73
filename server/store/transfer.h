#ifndef SEALSLOT_STORE_TRANSFER_H
#define SEALSLOT_STORE_TRANSFER_H

#include "base/err.h"
#include "sign/sign.h"

/*
 * The server's own signing key, made by init: it signs the index of each
 * bundle (keys/FORMATS.md section 6), so that the air gap notices what was
 * changed on the way. transfer.key is one line, base64 of the seed, mode 0600;
 * transfer.pub is a minisign public key file.
 */
#define TRANSFER_KEY "transfer.key"
#define TRANSFER_PUB "transfer.pub"

/* Makes a new key in a store's folder; replaces what an interrupted init left. */
enum err MUST_CHECK transfer_create(int root);
/* ERR_MODE: others may read it. *k is the caller's to wipe. */
enum err MUST_CHECK transfer_read(int root, struct sign_key *k);

#endif
