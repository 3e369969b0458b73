#ifndef SEALSLOT_TOOL_CEREMONY_H
#define SEALSLOT_TOOL_CEREMONY_H

#include <stdint.h>

#include "base/err.h"
#include "carry/schedule.h"
#include "open/keystore.h"
#include "published.h"
#include "sign/sign.h"
#include "tool.h"

/*
 * What happens to epoch keys before anything is signed: the missing ones are
 * made and stored, and every one of them must open what is sealed to it.
 */

/* Makes, or finds in the key store, the key of each open entry, and fills in its recipient. *made
 * counts the new ones. */
enum err MUST_CHECK ceremony_make_keys(
    struct keystore *k, struct schedule *s, uint32_t *made, struct tool_fault *f);
/*
 * Reads the key file of each epoch that isn't over on the day, seals a test text
 * to all recipients of the epoch and opens it with that key, which must be the one that is
 * listed first. *tested counts them.
 */
enum err MUST_CHECK ceremony_test_keys(struct keystore *k, const struct schedule *s, int32_t today,
    uint32_t *tested, struct tool_fault *f);
/*
 * For whatever signs or copies the root key: refuses while new-root isn't through, with the advice
 * to finish it. What the one key signs then would not be taken under the other one.
 */
enum err MUST_CHECK ceremony_no_handover(const struct keystore *k, struct tool_fault *f);
/* For whatever copies the reply key: refuses while its next one may be the one that is listed. */
enum err MUST_CHECK ceremony_no_next_reply(const struct keystore *k, struct tool_fault *f);
/* The root key, which must be the one of root.pub. root lies in guarded memory of the caller's. */
enum err MUST_CHECK ceremony_load_root(
    struct keystore *k, struct sign_key *root, struct tool_fault *f);
/*
 * Writes and signs the text of p->s, which must be one that may follow old (whose schedule is NULL
 * if there is none), and verifies the result as a server does. Fills in the rest of *p.
 */
enum err MUST_CHECK ceremony_sign(const struct sign_key *root, const struct published *old,
    struct published *p, struct tool_fault *f);

#endif
