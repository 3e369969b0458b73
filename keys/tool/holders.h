#ifndef SEALSLOT_TOOL_HOLDERS_H
#define SEALSLOT_TOOL_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/err.h"
#include "base/random.h"
#include "record.h"

/* What the log knows about the things outside of the key store: backups, copies, vaults. */
struct holder {
	struct lines_piece event; /* backup, copy or vault */
	char id[RANDOM_ID_LEN + 1];
	int32_t day;                     /* of its newest record */
	struct lines_piece ranges, name; /* ranges is empty for a vault */
};

struct holders {
	struct buf log; /* the pieces are borrowed from it */
	struct holder *p;
	size_t n; /* only what isn't gone */
};

enum err MUST_CHECK holders_load(
    const struct keystore *k, struct holders *out, struct tool_fault *f);
void holders_wipe(struct holders *h); /* accepts a zeroed struct */
/* NULL if there is none of that id, or it is gone. Borrowed. */
const struct holder *holders_find(const struct holders *h, const char *id);
bool holders_is(const struct holder *h, const char *event);
/* Did the log ever record such an event, a backup or a copy, of that id? Also if it is gone. */
bool holders_was(const struct holders *h, const char *event, const char *id);
/* Is it the log of a copy? */
bool holders_is_copy(const struct holders *h);

/* An epoch whose destruction was begun. */
struct holders_epoch {
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t number;
};
/* The next one of the log that at walks through; false at the end. */
bool holders_next_retired(struct lines *at, struct holders_epoch *out);
/* Retired epochs that a backup or copy still opens. */
struct holders_span {
	size_t n; /* 0: none */
	struct holders_epoch first, last;
};
/* Counts those of the log; adds to *out, which begins zeroed. */
void holders_opens(const struct holders *h, const struct holder *x, struct holders_span *out);
void holders_span_add(struct holders_span *s, const char *inbox, uint32_t number);
/* Does the log say that this epoch's destruction was begun? */
bool holders_is_retired(const struct holders *h, const char *inbox, uint32_t number);
/* The highest number of that inbox which the log calls retired; 0: none. */
uint32_t holders_last_retired(const struct holders *h, const char *inbox);

#endif
