#ifndef SEALSLOT_STORE_CONFIRM_H
#define SEALSLOT_STORE_CONFIRM_H

#include "base/buf.h"
#include "base/err.h"
#include "store/depot.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * Answer bundles (keys/FORMATS.md section 5): replies for sources, and the
 * receipts after which a submission may go. Nothing of a bundle is taken
 * before its signature, under a reply key of the active schedule, its
 * instance, its serial and every reply have been verified; then all of it at once.
 */
#define CONFIRM_GRACE_DAYS 7 /* between the last desk's receipt and the end */

struct confirm; /* a bundle that was verified */

/*
 * content: index.txt, its .minisig, then each reply behind a struct
 * op_reply_item. Raises the alarm that a bundle deserves which was changed or comes
 * again. ERR_AUTH, ERR_ROLLBACK, ERR_FORMAT, ERR_EXISTS (it was taken before: nothing is to be
 * done). *out is the caller's.
 */
enum err MUST_CHECK confirm_open(struct depot *d, const struct buf *content,
    const struct op_answers *lens, struct confirm **out, struct reason *why);
void confirm_free(struct confirm *c); /* accepts NULL */
/* Appends a struct op_export_item for each submission with a receipt whose file must be hashed. */
enum err MUST_CHECK confirm_needs(struct depot *d, struct confirm *c, struct buf *out);
/* Compares the receipts with these hashes, and takes everything. A receipt that doesn't match
 * raises an alarm, and counts for nothing. */
enum err MUST_CHECK confirm_take(struct depot *d, struct confirm *c, const struct buf *hashes,
    struct op_answers_taken *out, struct reason *why);
/*
 * Deletes the submissions for which as many desks as their epoch has
 * recipients have sent a receipt, the last one CONFIRM_GRACE_DAYS ago or earlier. A row goes before
 * its file. As many as one transaction takes; *is_more: there may be others. The caller holds no
 * lock, and has judged the clock.
 */
enum err MUST_CHECK confirm_expire(struct depot *d, bool *is_more);

#endif
