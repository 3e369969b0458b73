#ifndef SEALSLOT_STORE_DB_H
#define SEALSLOT_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"

/*
 * The index: one row per submission with what an export has to know, and
 * nothing else. Rows are ordered by their random id. Not for several threads
 * at once. ERR_NOSPACE, ERR_FORMAT (damaged), ERR_SYS.
 *
 * Hashes are a cache beside it. They are kept only of days that are over:
 * otherwise an export would leave behind which items of a day came before it.
 */
#define DB_ID 16 /* bytes of an id */

struct db;

struct db_item {
	uint8_t id[DB_ID];
	int32_t day;
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	uint32_t serial; /* of the schedule it was sealed under; 0: the row was rebuilt */
	uint64_t size;   /* bytes of ciphertext */
};

struct db_hash {
	uint8_t id[DB_ID];
	uint8_t hash[HASH_LEN];
};

/* Makes an index that must not exist (ERR_EXISTS). ERR_MODE, of db_open, too: something else than a
 * file is in its place, or in its journal's. */
enum err MUST_CHECK db_create(const char *path);
/* Opens an index; one of an older version becomes one of this version. ERR_NOTFOUND;
 * ERR_ROLLBACK: it is a newer version's; ERR_PROFILE: no index of ours. */
enum err MUST_CHECK db_open(const char *path, struct db **out);
void db_close(struct db *d); /* accepts NULL */

/* Adds all of them or none, durably. ERR_EXISTS: an id is there already. */
enum err MUST_CHECK db_add(struct db *d, const struct db_item *items, size_t n);
enum err MUST_CHECK db_totals(struct db *d, uint64_t *items, uint64_t *bytes);
/* Calls each for every item of day since or later, ascending by id; hash is NULL when it isn't
 * known. Ends with the first error of each. */
typedef enum err db_visit(void *ctx, const struct db_item *item, const uint8_t *hash);
enum err MUST_CHECK db_each(struct db *d, int32_t since, db_visit *each, void *ctx);
/* The same for max items at most: those whose id is from, or comes after it. */
enum err MUST_CHECK db_each_from(
    struct db *d, const uint8_t from[static DB_ID], size_t max, db_visit *each, void *ctx);
/* Deletes the rows of the oldest items of before a day, LIMIT_EXPIRE_BATCH at most, with their
 * hashes, durably; calls each with the id of every one afterwards. *is_more: there may be others.
 */
typedef void db_gone(void *ctx, const uint8_t id[static DB_ID]);
enum err MUST_CHECK db_expire(
    struct db *d, int32_t before, db_gone *each, void *ctx, bool *is_more);
/* Remembers hashes; those of unknown items, or known already, are skipped. */
enum err MUST_CHECK db_put_hashes(struct db *d, const struct db_hash *hashes, size_t n);

#endif
