#ifndef SEALSLOT_TOOL_BACKUP_H
#define SEALSLOT_TOOL_BACKUP_H

#include "base/buf.h"
#include "base/err.h"
#include "open/identity.h"
#include "open/keystore.h"
#include "tool.h"

/*
 * A key store in one file (keys/FORMATS.md section 4): a tar archive of
 *
 *   unlock.age         as it is in the key store: under the passphrase
 *   keystore.tar.age   a tar archive of all other files, sealed to unlock
 *
 * so that stock tools open it, too: tar -xf FILE; age -d unlock.age >id;
 * age -d -i id keystore.tar.age | tar -x
 */
#define BACKUP_CONTENT "keystore.tar.age"

/* Appends the backup of an open key store to out. */
enum err MUST_CHECK backup_make(struct keystore *k, struct buf *out, struct tool_fault *f);
/*
 * Opens a backup with its passphrase: *unlock gets the content of unlock.age, *content the
 * inner archive; both empty before, and the caller's.
 */
enum err MUST_CHECK backup_open(const struct buf *file, const struct secret_text *pass,
    struct buf *unlock, struct buf *content, struct tool_fault *f);

/* One file of an archive; p is borrowed. */
typedef enum err backup_member(void *ctx, const char *name, const uint8_t *p, size_t n);
/* Calls each for every member; stops at its first error. ERR_FORMAT, ERR_PROFILE, ERR_TRUNCATED for
 * what isn't wholly an archive of ours. */
enum err MUST_CHECK backup_each(const struct buf *archive, backup_member *each, void *ctx);
/* The content of one member, at most LIMIT_KEY_LOG bytes; nothing if it isn't there. *out, the
 * caller's, is initialized here. Errors as backup_each, and ERR_LIMIT. */
enum err MUST_CHECK backup_pick(const struct buf *archive, const char *name, struct buf *out);
/* Fills in *f and returns e: the content of the backup at this path is none. */
enum err backup_refuse_content(struct tool_fault *f, enum err e, const char *file);

#endif
