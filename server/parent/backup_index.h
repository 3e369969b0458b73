#ifndef SEALSLOT_PARENT_BACKUP_INDEX_H
#define SEALSLOT_PARENT_BACKUP_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "carry/schedule.h"
#include "carry/tar.h"

/*
 * backup.txt, the first member of a server's backup (keys/FORMATS.md section
 * 8): what follows it, in the same order. Text, LF:
 *
 *   sealslot-backup 1
 *   instance: <onion>
 *   made: 2026-03-05
 *   count: 2
 *   file: 2026-03-05 <size> <64 hex BLAKE2b-256> state
 *   file: 2026-03-01 <size> <64 hex BLAKE2b-256> <32 hex id>.age
 *   end
 */
#define BACKUP_INDEX "backup.txt"

struct backup_file {
	char name[TAR_NAME_MAX + 1];
	int32_t day; /* its only time */
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

struct backup_head {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	int32_t made;
};

/* What a name is, which says where it belongs. */
enum backup_kind {
	BACKUP_NONE,  /* no name that a backup has */
	BACKUP_STATE, /* "state": written last */
	BACKUP_OWN,   /* "index.db", "transfer.key", "transfer.pub" */
	BACKUP_KEY,   /* "keys/keys-0012.txt" and its signature */
	BACKUP_ITEM,  /* "<id>.age" */
	BACKUP_CONF,  /* "sealslotd.conf", "root.pub": to be taken out by hand, before */
};
enum backup_kind backup_kind_of(const char *name);

/* In pieces; backup_index_parse accepts the whole. */
enum err MUST_CHECK backup_head_format(const struct backup_head *h, size_t n, struct buf *out);
enum err MUST_CHECK backup_file_format(const struct backup_file *f, struct buf *out);
enum err MUST_CHECK backup_end_format(struct buf *out);
/*
 * Appends to files what the text lists, struct backup_file each. ERR_FORMAT or ERR_LIMIT, with a
 * phrase in *why and the line in *line.
 */
enum err MUST_CHECK backup_index_parse(const struct buf *text, struct backup_head *head,
    struct buf *files, size_t *line, const char **why);

#endif
