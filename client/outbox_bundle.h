#ifndef SEALSLOT_CLIENT_OUTBOX_BUNDLE_H
#define SEALSLOT_CLIENT_OUTBOX_BUNDLE_H

#include "carry/answers.h"
#include "vault.h"

/* An answer bundle, as a file. What goes into it is decided in outbox.c. */

#define OUTBOX_NAME (RANDOM_ID_LEN + sizeof ANSWERS_REPLY_EXT) /* with the NUL */

/* "<id>.reply": a reply's name in a bundle, and in the vault until then. */
void outbox_bundle_name(char out[static OUTBOX_NAME], const char *id);
/*
 * Makes the file of an answer bundle, synced, with all that the catalog has
 * under its serial; always the same bytes. *why, if set, says at what it failed.
 */
enum err MUST_CHECK outbox_bundle_write(
    struct vault *v, const struct post_bundle *b, const char *path, const char **why);

#endif
