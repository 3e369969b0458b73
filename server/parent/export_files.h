#ifndef SEALSLOT_PARENT_EXPORT_FILES_H
#define SEALSLOT_PARENT_EXPORT_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/op.h"
#include "wire/reason.h"

/*
 * The files of a store that a bundle carries, read by the verb itself: they
 * never change, and the store process has other things to do.
 */
struct export_files {
	int items, keys;
	uid_t owner;         /* of the store: nobody else's file is carried */
	struct buf transfer; /* transfer.pub */
	struct buf serials;  /* uint32_t each, ascending: the schedules */
	uint64_t keys_len;   /* archive bytes of all of them */
	uint8_t *block;      /* what is being copied */
};

enum err MUST_CHECK export_files_open(
    const char *store_path, struct export_files *f, struct reason *why);
void export_files_close(struct export_files *f); /* accepts a zeroed struct */

/* Hashes an item whose hash isn't known yet. */
enum err MUST_CHECK export_files_hash(
    const struct export_files *f, struct op_export_item *item, struct reason *why);

/* The archive being written. */
struct export_out {
	int fd;
	const char *name; /* for messages */
};
/* Each writes members: index and signature, transfer key and schedules; one item, whose hash is
 * checked on the way; the end of the archive. */
enum err MUST_CHECK export_files_write_head(const struct export_files *f,
    const struct export_out *out, const struct buf *index, size_t sig_len, struct reason *why);
enum err MUST_CHECK export_files_write_item(const struct export_files *f,
    const struct export_out *out, const struct op_export_item *item, struct reason *why);
enum err MUST_CHECK export_files_write_member(
    const struct export_out *out, const char *name, const void *p, size_t n, struct reason *why);
enum err MUST_CHECK export_files_write_end(const struct export_out *out, struct reason *why);

#endif
