#ifndef SEALSLOT_CLIENT_MANIFEST_H
#define SEALSLOT_CLIENT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"
#include "open/zip_read.h"
#include "seal/age.h"

/*
 * manifest.json of a submission (keys/FORMATS.md section 2). Whoever has the
 * public epoch key could have written it, so it is believed in nothing but
 * what it says about itself: paths and sizes come from the archive.
 */
#define MANIFEST_TOPIC_NAME  31 /* bytes, [a-z0-9_-] */
#define MANIFEST_TOPIC_VALUE LIMIT_TOPIC_VALUE
#define MANIFEST_ORIGINAL    (3 * LIMIT_ORIGINAL_NAME) /* each byte that was no UTF-8 became three */
#define MANIFEST_MAILBOX_LEN 64

struct manifest_topic {
	char name[MANIFEST_TOPIC_NAME + 1];
	char value[MANIFEST_TOPIC_VALUE + 1]; /* untrusted UTF-8 without NUL */
};

struct manifest_file {
	char name[LIMIT_ZIP_NAME + 1];
	char original[MANIFEST_ORIGINAL + 1]; /* untrusted UTF-8 without NUL */
	char type[LIMIT_FILE_TYPE + 1];       /* untrusted UTF-8 without NUL */
	uint64_t size;
};

struct manifest {
	char id[RANDOM_ID_LEN + 1];
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	uint32_t schedule;
	uint8_t recipients[LIMIT_AGE_RECIPIENTS][AGE_KEY];
	size_t n_recipients;
	char received[DATE_MINUTE_LEN + 1];
	int32_t received_day;
	struct manifest_topic topics[LIMIT_TOPICS];
	size_t n_topics;
	char reply_to[AGE_RECIPIENT_LEN + 1];   /* "" for null */
	char mailbox[MANIFEST_MAILBOX_LEN + 1]; /* "" for null */
	struct manifest_file *files;            /* owned */
	size_t n_files;
};

/*
 * Parses a whole manifest.json: one object with exactly the expected keys in
 * their order, each once, every value of its type and within its limit.
 * ERR_FORMAT with *why set to a plain phrase; ERR_LIMIT past LIMIT_MANIFEST; ERR_NOMEM.
 */
enum err MUST_CHECK manifest_parse(
    const void *p, size_t n, struct manifest **out, const char **why);
/* Accepts NULL. */
void manifest_free(struct manifest *m);
/*
 * Does it list exactly the archive's files, in order, with their sizes?
 * ERR_PROFILE with *why if not.
 */
enum err MUST_CHECK manifest_agrees(
    const struct manifest *m, const struct zip_read *z, const char **why);

#endif
