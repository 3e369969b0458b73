#ifndef SEALSLOT_CLIENT_IMPORT_PART_H
#define SEALSLOT_CLIENT_IMPORT_PART_H

#include "feed.h"
#include "import.h"
#include "newfile.h"

/* What the files of an import share among themselves. */

#define IMPORT_BATCH 128

/* An item that was copied and verified, but has no name in the vault yet. */
struct import_copy {
	struct newfile file;
	char id[RANDOM_ID_LEN + 1];
	bool replaces; /* the vault has a row for it: what is left of its file goes only now */
};

struct import {
	struct vault *v;
	const struct import_events *ev;
	struct import_report *r;
	struct feed feed;
	struct bundle_index *index;
	uint8_t index_hash[HASH_LEN];
	bool *has;         /* owned: is item i of the index in the vault, or in the batch? */
	uint32_t schedule; /* the newest that the volume carried */
	struct import_copy batch[IMPORT_BATCH];
	size_t n_batch;
	uint64_t batch_bytes;
	bool is_failed; /* the catalog has rows whose files have no names: never write it */
};

/* import_note.c: tells whoever called the import, if they want to know. name and why are borrowed;
 * e and why as struct import_note has them. */
void import_note(
    struct import *im, enum import_kind kind, const char *name, enum err e, const char *why);

/* import_head.c: the first three members, the signature, pins, serials. */
enum err MUST_CHECK import_head(struct import *im, const char **why);
/* At the end: the bundle's record, and gaps that are closed now. */
enum err MUST_CHECK import_record(struct import *im);

/* import_gone.c: what this bundle's list says that the server has no more. Before import_record. */
enum err MUST_CHECK import_gone(struct import *im);

/* import_item.c: the current member is the item i of the index. */
enum err MUST_CHECK import_item(struct import *im, size_t i);
/* Is item i of the index in the vault, named and with a row? */
enum err MUST_CHECK import_has(const struct import *im, size_t i, bool *has);
/* Names what is in the batch, and writes the ledger. */
enum err MUST_CHECK import_flush(struct import *im);
void import_drop(struct import *im);

#endif
