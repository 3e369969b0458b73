#ifndef SEALSLOT_TOOL_RESTORE_FOLDER_H
#define SEALSLOT_TOOL_RESTORE_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "tool.h"

/*
 * The folder that a backup is restored into. What stands in the way is never overwritten; what a
 * run that was cut off has written is taken as it is.
 */
struct restore_folder {
	const char *path;         /* borrowed */
	int dir, epochs, publish; /* descriptors */
	struct tool_fault *f;     /* borrowed; every failure fills it in */
};

#define RESTORE_FOLDER_NONE ((struct restore_folder){.dir = -1, .epochs = -1, .publish = -1})

/*
 * Makes it unless it is there. ERR_EXISTS: there is a key store already, or the folder is being
 * made for other keys than those of this unlock.age. *out is closed by the caller, also after a
 * failure; path and f are set before.
 */
enum err MUST_CHECK restore_folder_make(struct restore_folder *out, const struct buf *unlock);
/* Writes a file into one of its three folders, if it isn't there already. ERR_EXISTS: another one
 * of that name is. */
enum err MUST_CHECK restore_folder_put(
    const struct restore_folder *d, int dir, const char *name, const uint8_t *p, size_t n);
/* Destroys an epoch key with this content that a run which was cut off may have written. */
enum err MUST_CHECK restore_folder_leave_out(
    const struct restore_folder *d, const char *name, const uint8_t *p, size_t n);
void restore_folder_close(struct restore_folder *d); /* accepts RESTORE_FOLDER_NONE */

#endif
