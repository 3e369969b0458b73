#ifndef SEALSLOT_CLIENT_NEEDED_H
#define SEALSLOT_CLIENT_NEEDED_H

#include "base/buf.h"
#include "base/err.h"
#include "carry/needs.h"
#include "vault.h"

/* Which epochs a vault still needs (carry/needs.h). */
struct needed {
	struct needs_head head;
	struct needs_epoch *epochs; /* owned, in order */
	struct needs_item *items;   /* owned, in order */
};

/* The vault must have an id (vault_name). ERR_AUTH, ERR_FORMAT: a schedule in the vault is damaged.
 */
enum err MUST_CHECK needed_make(struct vault *v, struct needed *out);
void needed_wipe(struct needed *n); /* accepts a zeroed struct */
/* The text, and the .minisig by the desk's reply key. */
enum err MUST_CHECK needed_format(const struct needed *n, struct buf *out);
enum err MUST_CHECK needed_sign(
    struct vault *v, const struct needed *n, const struct buf *text, struct buf *sig);

#endif
