#ifndef SEALSLOT_CLIENT_CMD_MISSING_H
#define SEALSLOT_CLIENT_CMD_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"
#include "carry/bundle.h"
#include "vault.h"

/*
 * What the server lists and one run of import didn't find: it is told at the end, as a later volume
 * may bring what an earlier one lacks. Begins zeroed.
 */

/* An item that a volume lists, but didn't bring. */
struct cmd_missing_item {
	char id[RANDOM_ID_LEN + 1];
	size_t head; /* index of the volume's; n_heads if its import failed */
};

struct cmd_missing {
	struct cmd_missing_item *lacks; /* owned: what volumes listed and nobody had at the time */
	size_t n_lacks;
	struct bundle_head *heads; /* owned: of the volumes so far */
	size_t n_heads;
};

/* The volume that is being read lacks this item. Without memory it is only not named. */
void cmd_missing_note(struct cmd_missing *m, const char *id);
/* That volume was read. false: not enough memory. */
bool cmd_missing_add_volume(struct cmd_missing *m, const struct bundle_head *h);
/*
 * Says which volumes are still to come, and names each item that is missing, once. Returns the exit
 * code that it deserves.
 */
int cmd_missing_report(struct cmd_missing *m, const struct vault *v);
void cmd_missing_wipe(struct cmd_missing *m); /* accepts a zeroed struct */

#endif
