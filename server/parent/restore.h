#ifndef SEALSLOT_PARENT_RESTORE_H
#define SEALSLOT_PARENT_RESTORE_H

#include "base/err.h"
#include "parent/setup.h"

/*
 * Makes a store from a backup (keys/FORMATS.md section 8), as the user whom it
 * is to belong to: root has been given up. The folder exists and is empty.
 * Everything is verified while it is written, and the file "state", without
 * which it is no store, comes last: whatever ends this before leaves a folder
 * that the next restore empties and begins anew.
 */
struct restore_result {
	size_t items;
	int32_t made; /* the backup's day */
};

/* in is borrowed; name is for messages. */
enum err MUST_CHECK restore_run(const struct setup *s, int in, const char *name,
    struct restore_result *out, struct reason *why);

#endif
