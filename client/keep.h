#ifndef SEALSLOT_CLIENT_KEEP_H
#define SEALSLOT_CLIENT_KEEP_H

#include "base/err.h"
#include "catalog.h"
#include "item.h"
#include "vault.h"

/*
 * What must stay readable when its epoch's key is destroyed: sealed anew, bit
 * for bit the same archive, to the archive key of the vault, an X25519 identity in
 * VAULT/archive.age that is sealed to the unlock identity. The file stays beside the
 * original, as VAULT/kept/<id>.age.
 */
#define KEEP_KEY    "archive.age"
#define KEEP_FOLDER "kept"

/*
 * Verifies the whole submission, writes and verifies its new file, and puts
 * that into the catalog (vault_commit is the caller's). v is open for writing. Again, it
 * makes the file anew if that isn't whole any more. Errors as item_open and item_check_all;
 * ERR_AUTH also for a file that isn't what the server sent; ERR_NOTFOUND.
 */
enum err MUST_CHECK keep_item(struct vault *v, const struct catalog_item *row);
/*
 * Opens a submission by its own file, or, when it is kept and no epoch key fits any more (or the
 * file is gone), by the kept one: (*out)->is_kept. *fd is the caller's, to be closed after
 * item_free; also after a failure. Errors as vault_open_item and item_open.
 */
enum err MUST_CHECK keep_open(
    struct vault *v, const struct catalog_item *row, int *fd, struct item **out);

/* Opens the kept file of a submission that is kept, all of it. Errors as keep_open, item_check_all.
 */
enum err MUST_CHECK keep_check(struct vault *v, const struct catalog_item *row);

#endif
