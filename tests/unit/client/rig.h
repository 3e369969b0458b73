#ifndef SEALSLOT_TEST_RIG_H
#define SEALSLOT_TEST_RIG_H

/*
 * A server and a key store for the tests of the client: submissions, bundles,
 * schedules, all made with the project's own writers. Everything is derived
 * from fixed seeds, so two programs agree without telling each other anything.
 * Any failure ends the program.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "carry/bundle.h"
#include "carry/schedule.h"
#include "seal/age.h"
#include "sign/sign.h"

#define RIG_INSTANCE   "sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion"
#define RIG_PASSPHRASE "correct horse battery staple"
#define RIG_INBOX      "tips"
#define RIG_EPOCH      30 /* the first of the schedule; epochs of 14 days */
#define RIG_EPOCHS     6
#define RIG_DAY        20500 /* first day of epoch RIG_EPOCH */
#define RIG_SERIAL     12    /* of the schedule */
#define RIG_FILES      LIMIT_UPLOAD_FILES

/* ---- keys */
void rig_sign_key(struct sign_key *out, const char *name); /* "root", "transfer", "evil" */
void rig_epoch_pk(uint8_t pk[static AGE_KEY], uint32_t epoch);
/* KEYS at path, with the keys of `epochs` epochs from RIG_EPOCH on. scrypt is cheap. */
void rig_keys(const char *path, uint32_t epochs);
/* One more epoch key. */
void rig_add_epoch(const char *path, uint32_t epoch);
/* The schedule's text and signature under a serial. */
void rig_schedule(uint32_t serial, const struct sign_key *root, struct buf *text, struct buf *sig);

/* ---- submissions */
struct rig_file {
	const char *original;
	const char *type;
	uint64_t size;
	const char *name;     /* NULL: "files/NNN-file" */
	const uint8_t *bytes; /* NULL: rig_content */
};

struct rig_submission {
	char id[RANDOM_ID_LEN + 1];
	int32_t day;
	uint32_t epoch;
	uint32_t stated_epoch; /* in the manifest */
	uint32_t schedule;
	const char *stated_id; /* NULL: id */
	const char *instance;
	const char *message;
	struct rig_file files[RIG_FILES];
	size_t n_files;
	const char *manifest; /* NULL: one that fits */
	const char *topics;   /* JSON */
	bool is_stranger;     /* sealed to a key that nobody has */
	bool has_second;      /* a second recipient that no schedule names */
};

/* Submission number i: its id, epoch RIG_EPOCH, a message, no files. */
void rig_submission(struct rig_submission *s, unsigned i);
/* The manifest that fits. */
void rig_manifest(const struct rig_submission *s, struct buf *out);
void rig_seal(const struct rig_submission *s, struct sink out);
/* n bytes of content, from offset at, of a file that a seed names. */
void rig_content(uint8_t *p, size_t n, uint64_t at, uint32_t seed);

/* ---- bundles */
struct rig_item {
	struct bundle_item row;
	struct buf sealed;
	int spool;        /* a file that has it instead, when it is large; else -1 */
	bool is_left_out; /* listed, but not in this volume */
};

struct rig_bundle {
	struct bundle_head head;
	struct rig_item *items;
	size_t n;
	uint32_t schedule;      /* serial of the one that it carries, 0 for none */
	const char *transfer;   /* name of the signing key */
	const char *root;       /* name of the key that signed the schedule */
	const char *foreign;    /* name of a foreign member, NULL */
	uint8_t hash[HASH_LEN]; /* of its index, after rig_bundle_write */
};

void rig_bundle(struct rig_bundle *b, uint32_t serial);
/* Seals it and adds it. */
void rig_bundle_add(struct rig_bundle *b, const struct rig_submission *s);
/* By id, as rig_bundle_write does it first. */
void rig_bundle_sort(struct rig_bundle *b);
void rig_bundle_write(struct rig_bundle *b, struct sink out);
void rig_bundle_wipe(struct rig_bundle *b);

#endif
