#ifndef SEALSLOT_PARENT_SERVING_H
#define SEALSLOT_PARENT_SERVING_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/reason.h"

/*
 * A running server holds the file "serving" of its store, whether its store
 * process is there at this moment or is just being restarted: then a verb
 * waits for it instead of taking the store for itself.
 */

/* The lock is held as long as *fd is open; -1 when there is no store yet (the store process says
 * so). ERR_BUSY: another server has it. */
enum err MUST_CHECK serving_hold(const char *store_path, int *fd, struct reason *why);
/* Is a server running? */
bool serving_is_held(const char *store_path);

#endif
