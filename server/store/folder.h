#ifndef SEALSLOT_STORE_FOLDER_H
#define SEALSLOT_STORE_FOLDER_H

#include "base/err.h"
#include "wire/reason.h"

/*
 * The store's folder, mode 0700, owned by the user that sealslotd runs as:
 *
 *   items/<id>.age     ciphertext, one file per submission, mode 0400
 *   index.db           one row per item (db.h)
 *   keys/              every schedule that was accepted, keys-0012.txt and .txt.minisig
 *   transfer.key .pub  what signs the bundles (transfer.h)
 *   state              what must be remembered besides (state.h); written last by init
 *   spare              room for one more state on a full disk (state.h)
 *   serving            held by a running server's parent (parent/serving.h)
 *   lock               held by the one writer
 *   admin.sock         where a running server takes the admin's verbs
 */
#define FOLDER_ITEMS     "items"
#define FOLDER_KEYS      "keys"
#define FOLDER_LOCK      "lock"
#define FOLDER_INDEX     "index.db"
#define FOLDER_JOURNAL   FOLDER_INDEX "-journal" /* SQLite's */
#define FOLDER_RESTORING "restoring" /* a restore wrote it all, and nobody has opened it since */
#define FOLDER_STATE     "state"
#define FOLDER_SPARE     "spare"
#define FOLDER_ADMIN     "admin.sock"

struct folder {
	int root, items, keys; /* folders */
	int lock;              /* the lock is held as long as this is open */
};
#define FOLDER_CLOSED ((struct folder){-1, -1, -1, -1})

/*
 * Opens and locks the folder of an initialised store. ERR_NOTFOUND, ERR_MODE (type, owner or
 * mode), ERR_BUSY (another process has it).
 */
enum err MUST_CHECK folder_open(const char *path, struct folder *f, struct reason *why);
/*
 * The same for a folder that is to become a store: makes the folders in it. The folder itself
 * exists. ERR_EXISTS when it is a store already, or holds something else.
 */
enum err MUST_CHECK folder_create(const char *path, struct folder *f, struct reason *why);
void folder_close(struct folder *f);
/* Can this file system keep the commit protocol (unnamed files, leases, links)? */
enum err MUST_CHECK folder_probe(const struct folder *f, struct reason *why);

#endif
