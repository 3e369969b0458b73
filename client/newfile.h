#ifndef SEALSLOT_CLIENT_NEWFILE_H
#define SEALSLOT_CLIENT_NEWFILE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/random.h"

/*
 * A file that has no name until it is complete: an unnamed one where the file
 * system knows such (O_TMPFILE), else (FAT, exFAT) one with a random name
 * that newfile_name replaces. Nothing that exists is ever overwritten, but by newfile_replace.
 */
#define NEWFILE_PREFIX ".sealslot-" /* of the random name: what a killed program may leave */

struct newfile {
	int dir;                                             /* borrowed */
	int fd;                                              /* open for reading and writing */
	char tmp[sizeof NEWFILE_PREFIX + RANDOM_ID_LEN + 1]; /* "" for an unnamed file */
};

#define NEWFILE_NONE ((struct newfile){.dir = -1, .fd = -1})

/* Begins a file of mode 0600 in dir. */
enum err MUST_CHECK newfile_begin(struct newfile *f, int dir);
/*
 * The same for a file that is to become path: opens its folder as *dir, the
 * caller's, and *name is what newfile_name takes, borrowed from path. ERR_USAGE: path names no
 * file.
 */
enum err MUST_CHECK newfile_begin_at(
    struct newfile *f, const char *path, int *dir, const char **name);
/*
 * Gives it its name, which is no path. ERR_EXISTS if anything, even a dangling
 * link, has that name. Syncs neither file nor folder: that is the caller's.
 */
enum err MUST_CHECK newfile_name(struct newfile *f, const char *name);
/* The same, and syncs the folder; the name is gone again where that fails. */
enum err MUST_CHECK newfile_name_synced(struct newfile *f, const char *name);
/* The same, in the place of the file that has this name, if one has: at once. */
enum err MUST_CHECK newfile_replace(struct newfile *f, const char *name);
/* Closes the file; without a name it is gone. Accepts NEWFILE_NONE. */
void newfile_end(struct newfile *f);

#endif
