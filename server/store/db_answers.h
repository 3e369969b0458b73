#ifndef SEALSLOT_STORE_DB_ANSWERS_H
#define SEALSLOT_STORE_DB_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "carry/minisign.h"
#include "store/db_replies.h"

/*
 * What the index knows of answer bundles (keys/FORMATS.md section 5): the last
 * bundle of each desk, its receipts for submissions that are still here, and
 * alarms. Which desk a reply came from isn't in it.
 */

/* A desk is its reply key. */
struct db_desk {
	uint32_t serial;
	uint8_t hash[HASH_LEN]; /* of that bundle's index */
};
/* ERR_NOTFOUND: nothing came from it yet. */
enum err MUST_CHECK db_desk(
    struct db *d, const uint8_t key[static MINISIGN_PK], struct db_desk *out);
/* One submission, and its hash if that is known (*has_hash). ERR_NOTFOUND. */
enum err MUST_CHECK db_find(struct db *d, const uint8_t id[static DB_ID], struct db_item *item,
    bool *has_hash, uint8_t hash[static HASH_LEN]);

struct db_letter {
	uint8_t mailbox[HASH_LEN];
	struct db_reply reply;
};
/* A whole bundle, verified. */
struct db_answers {
	uint8_t key[MINISIGN_PK];
	struct db_desk desk;
	int32_t day;                     /* today */
	const struct db_letter *letters; /* replies; those whose id is there already are skipped */
	size_t n_letters;
	const uint8_t (*receipts)[DB_ID]; /* of submissions that match */
	size_t n_receipts;
};
/* All of it, or nothing, durably. *added: how many replies weren't there before. */
enum err MUST_CHECK db_take_answers(struct db *d, const struct db_answers *a, size_t *added);

/* Calls each for every receipt, by submission. Ends with its first error. */
typedef enum err db_visit_receipt(
    void *ctx, const uint8_t id[static DB_ID], const uint8_t key[static MINISIGN_PK], int32_t day);
enum err MUST_CHECK db_each_receipt(struct db *d, db_visit_receipt *each, void *ctx);
/* Deletes the rows of these submissions, with hashes and receipts, durably; and receipts of
 * submissions that are gone. */
enum err MUST_CHECK db_remove_items(struct db *d, const uint8_t (*ids)[DB_ID], size_t n);

/* All of them: of what came from a backup nothing may follow that lets a submission go. */
enum err MUST_CHECK db_forget_receipts(struct db *d);

/* What must be said in status until somebody has seen it, by kind (wire/op.h). */
struct db_alarm {
	uint32_t kind;
	uint32_t times;
	int32_t day;       /* of the last time */
	uint8_t id[DB_ID]; /* of the submission; zeros: none */
};
enum err MUST_CHECK db_raise_alarm(
    struct db *d, uint32_t kind, int32_t day, const uint8_t id[static DB_ID]);
typedef void db_visit_alarm(void *ctx, const struct db_alarm *a);
enum err MUST_CHECK db_alarms(struct db *d, db_visit_alarm *each, void *ctx);
enum err MUST_CHECK db_clear_alarms(struct db *d);

#endif
