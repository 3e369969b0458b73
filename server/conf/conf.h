#ifndef SEALSLOT_CONF_CONF_H
#define SEALSLOT_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "carry/schedule.h"

/* sealslotd.conf(5): INI, read by inih. Unknown keys and doubled keys are errors. */

#define CONF_PATH_MAX      1024
#define CONF_TEXT_MAX      256
#define CONF_LANGUAGES_MAX 8
#define CONF_LOCALS_MAX    ((2 + LIMIT_TOPICS + LIMIT_INBOXES) * CONF_LANGUAGES_MAX)
#define CONF_UNIX_PREFIX   "unix:"

struct conf_topic {
	char name[32]; /* the key: [a-z0-9_-] */
	char *values;  /* owned: NUL-separated, n of them */
	size_t n;
};

/* What the admin says in one language; conf_local.h finds it. */
enum conf_local_kind { CONF_LOCAL_INTRO, CONF_LOCAL_CONTACT, CONF_LOCAL_TOPIC, CONF_LOCAL_INBOX };

struct conf_local {
	enum conf_local_kind kind;
	char name[32]; /* the key without its language; of a topic or an inbox: its name */
	char lang[8];
	char *text;   /* owned; of a topic: its title */
	char *values; /* owned; of a topic: as many names as it has values; otherwise NULL */
};

struct conf {
	char why[96]; /* of a value that was refused, while it is parsed */
	/* [server] */
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	char user[64];                         /* "" : run as who started it */
	char listen[CONF_PATH_MAX];            /* "127.0.0.1:8480", "[::1]:8480" or "unix:/path" */
	char languages[CONF_LANGUAGES_MAX][8]; /* "fr", "en"; the first is the default */
	size_t n_languages;
	char name[CONF_TEXT_MAX];
	char logo_path[CONF_PATH_MAX]; /* "": none */
	bool proxy_protocol;
	uint32_t drain_sec; /* how long uploads may go on after SIGTERM */
	/* [store] */
	char store_path[CONF_PATH_MAX];
	uint64_t max_upload;       /* bytes */
	uint32_t max_upload_hours; /* that the body of one may take to come */
	uint64_t reserve;          /* bytes */
	uint64_t max_day;          /* bytes of ciphertext that one day may bring */
	uint32_t max_in_flight;
	uint32_t retention_days;
	/* [keys] */
	char root_path[CONF_PATH_MAX];
	/* [topics] */
	struct conf_topic topics[LIMIT_TOPICS];
	size_t n_topics;
	/* [server] intro.fr and contact.fr, [topics] city.fr, [inboxes] tips.fr */
	struct conf_local locals[CONF_LOCALS_MAX];
	size_t n_locals;
};

struct conf_fault {
	size_t line;   /* from 1; 0: the file as a whole */
	char why[160]; /* plain words, names the key */
};

/* Parses a whole config text; *out is the caller's. ERR_FORMAT or ERR_LIMIT with *fault filled in.
 */
enum err MUST_CHECK conf_parse(
    const char *p, size_t n, struct conf **out, struct conf_fault *fault);
/* Reads and parses a file; the text is appended to *text when text isn't NULL. */
enum err MUST_CHECK conf_read(
    const char *path, struct buf *text, struct conf **out, struct conf_fault *fault);
void conf_free(struct conf *c); /* accepts NULL */
/* Hours that max_upload takes a source of LIMIT_SLOW_SOURCE, rounded up: max_upload_hours should be
 * as many. */
uint32_t conf_slow_hours(const struct conf *c);
/* "4G", "512M", "64K", "1000": bytes. ERR_FORMAT, ERR_LIMIT. */
enum err MUST_CHECK conf_size(const char *s, uint64_t *out);

#endif
