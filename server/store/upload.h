#ifndef SEALSLOT_STORE_UPLOAD_H
#define SEALSLOT_STORE_UPLOAD_H

#include <stdint.h>

#include "base/err.h"

/*
 * One upload's file, from its first byte to its name. It has no name until
 * everything about it has been checked and is on the medium: whatever has a
 * name is complete, whatever has none disappears by itself. Nobody but the
 * holder of the writer's descriptor can write it, and nobody can open it
 * again: its mode is 0 until it is settled.
 */

/* A new unnamed file in folder items: fd to read it, writer to append to it, both the caller's. */
enum err MUST_CHECK upload_new(int items, int *fd, int *writer);

/*
 * Takes room on the medium for a file of which so many bytes are to come, as far as it is
 * sure to fill it: then writing costs less, and the file lies in one piece. Does nothing but on
 * ext4: XFS takes room ahead by itself, and then twice as much behind what is reserved; tmpfs
 * fills it with zeros first.
 */
void upload_reserve(int writer, uint64_t body_len);

/* What the file must be like when it is complete. */
struct upload_claim {
	uint64_t size;       /* bytes that were written, as the writer says */
	uint64_t max_stored; /* bytes that it may take on the medium */
	int32_t day;         /* its only time stamp */
};
/*
 * Gives back room that was reserved and isn't filled, proves that no writer is
 * left (by a read lease), compares the file with the claim, makes it read-only
 * and puts it on the medium. ERR_BUSY: a writer is left. ERR_PROFILE: it isn't as claimed.
 */
enum err MUST_CHECK upload_settle(int fd, const struct upload_claim *claim);
/* Gives a settled file its name, <id>.age. ERR_EXISTS. The folder must be synced afterwards. */
enum err MUST_CHECK upload_link(int fd, int items, const char *id);
/* Can it be given a name? It has none afterwards; a kill may leave <id>.copy. */
enum err MUST_CHECK upload_try_link(int fd, int items, const char *id);
/*
 * Gives a settled file the name of one that is there, in one step: <id>.age is one or the other at
 * any moment. The old one is gone when this returns; a power cut may leave it, or the new one, as
 * <id>.copy. ERR_NOTFOUND: there is none by that name any more. The folder must be synced.
 */
enum err MUST_CHECK upload_replace(int fd, int items, const char *id);
enum err MUST_CHECK upload_unlink(int items, const char *id);
/* Bytes that were written, and that the file takes on the medium now; 0 if that can't be known.
 * XFS takes ahead what a growing file may need, as much again as it has. */
uint64_t upload_size(int fd);
uint64_t upload_stored(int fd);

#endif
