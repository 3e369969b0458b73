#ifndef SEALSLOT_TOOL_RECORD_H
#define SEALSLOT_TOOL_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/lines.h"
#include "keyring.h"
#include "tool.h"

/*
 * KEYS/log: what was done on which day (keys/FORMATS.md section 4). One event a
 * line, "<day> <event> ...", no secret in it:
 *
 *   2026-03-02 backup <32 hex id> tips:1-26,arts:1-26 <name>
 *   2026-03-02 copy <32 hex id> tips:1-26,arts:1-26 <name>
 *   2026-03-02 copy-of <32 hex id>           in the log of a copy: which one it is
 *   2026-03-09 gone <32 hex id>              that backup, copy or vault exists no more
 *   2026-04-01 vault <32 hex id> <name>      a vault that this key store feeds, by its needs file
 *   2026-04-01 retired tips 1                written before the keys are destroyed
 *   2026-04-02 restored                    from the last backup above
 */
#define RECORD_BACKUP   "backup"
#define RECORD_COPY     "copy"
#define RECORD_COPY_OF  "copy-of"
#define RECORD_GONE     "gone"
#define RECORD_VAULT    "vault"
#define RECORD_RETIRED  "retired"
#define RECORD_RESTORED "restored"

/* Appends a line with today's date, in one step. The caller holds the key store's lock. */
enum err MUST_CHECK record_add(const struct keystore *k, struct tool_fault *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The whole log, into an empty *out; nothing if there is none. */
enum err MUST_CHECK record_read(const struct keystore *k, struct buf *out, struct tool_fault *f);

/* One event: its words, borrowed from the log. */
struct record {
	int32_t day;
	struct lines_piece event, rest;
};
/* The next event of the log that at walks through; false at the end. Lines of another form are
 * skipped. */
bool record_next(struct lines *at, struct record *out);

/* "tips:1-26,arts:3": which epochs have keys, replaced or not. */
enum err MUST_CHECK record_ranges(const struct keyring *ring, struct buf *out);
/* Does such a text name this epoch? */
bool record_has(struct lines_piece ranges, const char *inbox, uint32_t number);
/* A file name as it stands in the log: what isn't printable ASCII becomes '?'. */
void record_name(char *out, size_t size, const char *path);

#endif
