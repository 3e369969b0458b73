#ifndef SEALSLOT_TOOL_PUBLISHED_H
#define SEALSLOT_TOOL_PUBLISHED_H

#include "base/buf.h"
#include "base/err.h"
#include "carry/schedule.h"
#include "tool.h"

/*
 * The schedules in KEYS/publish: keys-0012.txt and keys-0012.txt.minisig for
 * each serial, and a copy of the newest as keys.txt and keys.txt.minisig.
 *
 * A signature is written before its text, so a numbered text is always
 * complete; the copies come last. What a killed run left is put right by
 * published_refresh.
 */
#define PUBLISHED_NEWEST   "keys.txt"
#define PUBLISHED_SIG      ".minisig"
#define PUBLISHED_NAME_MAX 40

struct published {
	struct buf text, sig;
	struct schedule *s; /* NULL: nothing has been published yet */
	uint8_t hash[HASH_LEN];
};

/* "keys-0012.txt" */
void published_name(char out[static PUBLISHED_NAME_MAX], uint32_t serial);
/*
 * Reads and verifies a schedule and the signature beside it (path and ".minisig").
 * *out is the caller's (published_wipe), also after a failure.
 */
enum err MUST_CHECK published_read(int dirfd, const char *path, const struct minisign_key *root,
    struct published *out, struct tool_fault *f);
/* The newest of a key store, verified under root; out->s is NULL if there is none. */
enum err MUST_CHECK published_newest(const struct keystore *k, const struct minisign_key *root,
    struct published *out, struct tool_fault *f);
/* Adds a signed schedule, as the file of its serial. */
enum err MUST_CHECK published_add(
    const struct keystore *k, const struct published *p, struct tool_fault *f);
/* Makes the copies keys.txt and keys.txt.minisig those of the newest. */
enum err MUST_CHECK published_refresh(
    const struct keystore *k, const struct published *newest, struct tool_fault *f);
/* Accepts a zeroed struct. */
void published_wipe(struct published *p);

#endif
