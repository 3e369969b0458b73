#ifndef SEALSLOT_CLIENT_CATALOG_H
#define SEALSLOT_CLIENT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/sha256.h"
#include "carry/minisign.h"
#include "carry/schedule.h"
#include "manifest.h"
#include "post.h"
#include "seal/age.h"

/*
 * What a vault knows without opening anything: its pins, its bundles, its
 * alarms, and a row for each submission. In memory here; as sealed files in
 * ledger.h. Every change is one line of text: catalog_put_* writes the line to
 * `pending`, and applies it just as catalog_load does, so there is one way in.
 *
 * No text of a source stands in it, neither message nor file names: it
 * outlives the epoch keys, and must not outlast their retirement as a copy.
 */

enum catalog_state {
	CATALOG_OPENED,  /* opened at import */
	CATALOG_NO_KEY,  /* sealed to keys that KEYS doesn't have */
	CATALOG_FOREIGN, /* opened, but its archive wasn't written by our server */
	CATALOG_DAMAGED, /* its cryptography or format is broken, as it came */
	CATALOG_MISSING, /* a signed index lists it, but it never arrived */
	CATALOG_STATES
};

/* What doesn't fit: shown in red. */
#define CATALOG_BAD_ID       0x001u /* the manifest carries another id */
#define CATALOG_BAD_INSTANCE 0x002u /* the manifest names another instance */
#define CATALOG_BAD_MANIFEST 0x004u /* the manifest is malformed, or isn't that of the archive */
#define CATALOG_BAD_EPOCH    0x008u /* epoch or inbox isn't the opening key's, or the index's */
#define CATALOG_BAD_RECIPIENTS                                                                     \
	0x010u                     /* manifest, file header and schedule name other recipients     \
				    */
#define CATALOG_NO_SCHEDULE 0x020u /* the manifest names a schedule that nobody here has seen */
#define CATALOG_OLD_SCHEDULE                                                                       \
	0x040u                 /* sealed under an older schedule than one used before; never       \
				  stored: catalog_old_mark */
#define CATALOG_BAD_DAY 0x080u /* received on another day than index or epoch say */
#define CATALOG_CHANGED 0x100u /* a later index lists another file under this id */
#define CATALOG_FLAGS   9

struct catalog_item {
	char id[RANDOM_ID_LEN + 1];
	enum catalog_state state;
	uint32_t flags;
	/* from the signed index */
	int32_t day;
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	uint64_t size; /* bytes of ciphertext */
	uint8_t hash[HASH_LEN];
	/* from the manifest; all zero unless state is CATALOG_OPENED and the manifest was good */
	char received[DATE_MINUTE_LEN + 1];
	uint32_t schedule;
	uint32_t files;
	uint64_t bytes;   /* of all files */
	uint32_t message; /* bytes of the message */
	char mailbox[MANIFEST_MAILBOX_LEN + 1];
	char reply_to[AGE_RECIPIENT_LEN + 1];
	struct manifest_topic *topics; /* owned by the catalog; borrowed in a put */
	size_t n_topics;
	/* what became of it: catalog_put_review; catalog_put_item leaves these as they are */
	int32_t reviewed; /* the day on which somebody said that it is done, 0 if nobody has */
	uint32_t gone;    /* the bundle whose list of everything didn't have it any more, or 0 */
	bool is_kept;     /* sealed anew to the vault's archive key */
	uint8_t original[SHA256_LEN]; /* then: SHA-256 of the file as the server sent it */
	/* what happened to it here ("held"): kept when the rest of the row is replaced */
	uint32_t
	    backup; /* the first backup that has its bytes as the server signed them; 0: none */
	uint32_t receipt; /* serial of the answer bundle with its receipt; 0: none was sent */
};

struct catalog_bundle {
	uint32_t serial, volume, volumes;
	int32_t made, imported;
	uint32_t items;             /* that its index lists */
	uint32_t schedule;          /* the newest that it carried, 0 for none */
	bool is_whole;              /* at its last import everything it lists was in the vault */
	uint8_t hash[HASH_LEN];     /* of its index */
	uint8_t previous[HASH_LEN]; /* that its index states */
};

struct catalog_schedule {
	uint32_t serial;
	uint8_t hash[HASH_LEN]; /* of the text */
};

enum catalog_alarm_kind {
	CATALOG_GAP,           /* bundles a to b never came */
	CATALOG_BUNDLE_BACK,   /* bundle a came, although b had come before */
	CATALOG_BUNDLE_FORK,   /* two different bundles carry serial a */
	CATALOG_BUNDLE_CHAIN,  /* bundle a doesn't follow the bundle a - 1 that came */
	CATALOG_TRANSFER_KEY,  /* a bundle was signed with another transfer key */
	CATALOG_SCHEDULE_BACK, /* schedule a came, although the server had b before */
	CATALOG_SCHEDULE_FORK, /* two different schedules carry serial a */
	CATALOG_SCHEDULE_BAD,  /* bundle a carried a schedule that the root key didn't sign */
	CATALOG_ITEM_CHANGED,  /* the item of this id came with two contents */
	CATALOG_ALARM_KINDS
};

struct catalog_alarm {
	uint32_t number; /* from 1 */
	enum catalog_alarm_kind kind;
	int32_t day;
	int32_t seen; /* the day on which somebody put it aside, 0 if nobody has */
	uint64_t a, b;
	char id[RANDOM_ID_LEN + 1]; /* "" for none */
};

#define CATALOG_OLD_ROOTS 8

struct catalog {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct minisign_key root;
	bool has_root;
	struct catalog_old_root {
		struct minisign_key key;
		uint32_t until;         /* the serial from which on the next key signs */
	} old_roots[CATALOG_OLD_ROOTS]; /* that handed over, the first one first */
	size_t n_old_roots;
	struct minisign_key transfer;
	bool has_transfer;
	char vault[RANDOM_ID_LEN + 1]; /* the vault's own id; "" in one that is older than this */
	uint32_t
	    inventory; /* the newest bundle that listed all that the server had and came whole */
	int32_t inventory_made;
	struct catalog_item **items; /* owned, ascending by id */
	size_t n_items, cap_items;
	struct catalog_bundle *bundles; /* owned, ascending by serial, then volume */
	size_t n_bundles;
	struct catalog_schedule *schedules; /* owned, ascending by serial */
	size_t n_schedules;
	struct catalog_alarm *alarms; /* owned, ascending by number */
	size_t n_alarms;
	struct post post;   /* what goes back to the server */
	struct buf pending; /* lines that the ledger hasn't got yet */
};

void catalog_init(struct catalog *c);
void catalog_wipe(struct catalog *c); /* accepts a zeroed struct */

/* Applies lines. ERR_FORMAT, ERR_LIMIT or ERR_NOMEM; *line says where. */
enum err MUST_CHECK catalog_load(struct catalog *c, const void *p, size_t n, size_t *line);
/* Appends the lines of everything: what catalog_load makes the same catalog of. */
enum err MUST_CHECK catalog_dump(const struct catalog *c, struct buf *out);

enum err MUST_CHECK catalog_put_instance(struct catalog *c, const char *instance);
enum err MUST_CHECK catalog_put_root(struct catalog *c, const struct minisign_key *k);
enum err MUST_CHECK catalog_put_transfer(struct catalog *c, const struct minisign_key *k);
/* The pinned root key hands over: it verifies only schedules before a serial. ERR_LIMIT. */
enum err MUST_CHECK catalog_put_handover(
    struct catalog *c, const struct minisign_key *next, uint32_t serial);
enum err MUST_CHECK catalog_put_vault(struct catalog *c, const char *id);
enum err MUST_CHECK catalog_put_inventory(struct catalog *c, uint32_t serial, int32_t made);
/* reviewed, gone, is_kept and original of an item that is there. */
enum err MUST_CHECK catalog_put_review(struct catalog *c, const struct catalog_item *i);
/* These replace what has the same id, serial and volume, serial, or number. */
enum err MUST_CHECK catalog_put_item(struct catalog *c, const struct catalog_item *i);
enum err MUST_CHECK catalog_put_bundle(struct catalog *c, const struct catalog_bundle *b);
enum err MUST_CHECK catalog_put_schedule(struct catalog *c, const struct catalog_schedule *s);
enum err MUST_CHECK catalog_put_alarm(struct catalog *c, const struct catalog_alarm *a);
enum err MUST_CHECK catalog_put_reply(struct catalog *c, const struct post_reply *r);
/* ERR_FORMAT: its serial is below the last one's. */
enum err MUST_CHECK catalog_put_answers(struct catalog *c, const struct post_bundle *b);
enum err MUST_CHECK catalog_put_backup(struct catalog *c, const struct post_backup *b);
/* Sets backup and receipt of an item. ERR_FORMAT: there is no such item. */
enum err MUST_CHECK catalog_put_held(struct catalog *c, const struct post_held *h);

/* NULL if there is none. Borrowed until the next put. */
const struct catalog_item *catalog_find(const struct catalog *c, const char *id);
/*
 * The only item whose id begins with prefix, 4 to 32 hex digits in either
 * case. ERR_USAGE (not such a prefix), ERR_NOTFOUND, ERR_AMBIGUOUS.
 */
enum err MUST_CHECK catalog_find_prefix(
    const struct catalog *c, const char *prefix, const struct catalog_item **out);
/* How many digits tell all ids apart; at least 8. */
size_t catalog_id_digits(const struct catalog *c);
/* NULL if there is none. Borrowed until the next put. */
const struct catalog_bundle *catalog_find_bundle(
    const struct catalog *c, uint32_t serial, uint32_t volume);
const struct catalog_schedule *catalog_find_schedule(const struct catalog *c, uint32_t serial);

#endif
