#ifndef SEALSLOT_FUZZ_DEPOT_H
#define SEALSLOT_FUZZ_DEPOT_H

#include "sign/sign.h"
#include "store/depot.h"

/* What the targets share that have a store's folder: one of their own, gone when they end. */
#define FUZZ_ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"

/* Makes and opens it. conf: its instance and path are filled in; borrowed for good. root: a new
 * one, which publishes. */
void fuzz_depot_new(struct depot *d, struct conf *conf, struct sign_key *root);
/* Publishes a schedule with one inbox, tips, one epoch from start on, and a reply key (NULL: none).
 * text and sig: empty; they get it. */
void fuzz_depot_publish(struct depot *d, const struct sign_key *root, int32_t start,
    const struct minisign_key *reply, struct buf *text, struct buf *sig);

#endif
