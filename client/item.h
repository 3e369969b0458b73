#ifndef SEALSLOT_CLIENT_ITEM_H
#define SEALSLOT_CLIENT_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "carry/schedule.h"
#include "catalog.h"
#include "manifest.h"
#include "open/age_open.h"
#include "open/zip_read.h"
#include "opener.h"
#include "vault.h"

/*
 * One submission, opened: header, last chunk, directory and manifest have been
 * read, nothing else. Its other bytes are authenticated when they are read.
 */
struct item {
	struct age_open *age;
	struct opener *opener;
	struct zip_read *zip;
	struct manifest *manifest;  /* NULL if it is malformed, or isn't that of the archive */
	const char *manifest_why;   /* then, why: a plain phrase */
	uint8_t recipient[AGE_KEY]; /* of the key that opened it */
	uint32_t epoch;             /* its epoch number */
	bool is_kept; /* opened by the archive key (keep.h): epoch and recipient say nothing */
};

/*
 * fd is borrowed until item_free. ERR_NOMATCH: no key fits; ERR_PROFILE: not
 * our archive; ERR_FORMAT, ERR_LIMIT, ERR_MAC, ERR_AUTH, ERR_TRUNCATED: damaged; ERR_SYS,
 * ERR_NOMEM: says nothing about the item.
 */
enum err MUST_CHECK item_open(int fd, const struct identity_set *ids, struct item **out);
/* The same with the vault's keys: first those of the epoch that the signed index says, then all. */
enum err MUST_CHECK item_open_in(struct vault *v, int fd, uint32_t epoch, struct item **out);
void item_free(struct item *it); /* accepts NULL */

/* The state of an item that item_open refused with e; false if e says nothing about the item. */
bool item_state_of(enum err e, enum catalog_state *state);

/*
 * The schedule that its manifest names: NULL if nobody here has seen it, or it doesn't verify.
 * Borrowed from v. ERR_SYS, ERR_NOMEM: that isn't known.
 */
enum err MUST_CHECK item_schedule(
    struct vault *v, const struct item *it, const struct schedule **out);
/*
 * Compares manifest, archive, opening key, instance and schedule (NULL: the one
 * that the manifest names isn't known) with what row says from the signed
 * index; fills the row's state, flags and what it has from the manifest.
 * row->topics is then borrowed from the item.
 */
void item_judge(const struct item *it, const char *instance, const struct schedule *s,
    struct catalog_item *row);

/* Reads a whole member to out, in order, its chunks opened by all cores, its CRC checked. */
enum err MUST_CHECK item_read_member(struct item *it, const struct zip_member *m, struct sink out);
/*
 * Writes a whole member to fd, from offset 0 of an empty file on, by all cores, its CRC checked.
 * After an error what fd has must be thrown away.
 */
enum err MUST_CHECK item_write_member(struct item *it, const struct zip_member *m, int fd);
/* Reads everything: all chunks, every CRC, the padding. watch sees the content go by, to count it:
 * in any order, on any thread, but one piece at a time. */
enum err MUST_CHECK item_check_all(struct item *it, struct sink watch);

#endif
