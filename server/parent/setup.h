#ifndef SEALSLOT_PARENT_SETUP_H
#define SEALSLOT_PARENT_SETUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/minisign.h"
#include "conf/conf.h"
#include "wire/op.h"
#include "wire/reason.h"

/* What every verb starts from: the configuration, the pinned root key, the user to run as. */
struct setup {
	struct conf *conf;
	struct buf text; /* of the configuration */
	struct buf logo; /* a PNG; empty: none */
	struct minisign_key root;
	uid_t uid; /* whom the store belongs to */
	gid_t gid;
	bool may_lack_landlock; /* serve --allow-no-landlock */
	uint32_t care;          /* enum op_care: what a verb of its own starts the store for */
};

/*
 * Reads the configuration and the root key that it names, and finds the user.
 * Both files may be changed by their owners alone. ERR_USAGE: started as root
 * without a user in the configuration, or as a third one.
 */
enum err MUST_CHECK setup_read(const char *conf_path, struct setup *s, struct reason *why);
/* The logo that the configuration names, if any: for serve alone, no other verb shows it. */
enum err MUST_CHECK setup_read_logo(struct setup *s, struct reason *why);
void setup_wipe(struct setup *s);

/* Makes the store's folder, empty and the user's; one that exists is left to others to judge. */
enum err MUST_CHECK setup_make_store(const struct setup *s, bool *is_new, struct reason *why);
/* Becomes the configured user for good, when started as root. */
enum err MUST_CHECK setup_drop_root(const struct setup *s);

#endif
