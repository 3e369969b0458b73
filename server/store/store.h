#ifndef SEALSLOT_STORE_STORE_H
#define SEALSLOT_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"

/*
 * The store as front sees it: asynchronous, because nothing on the event
 * thread may wait for a disk. This header is the seam for scale: the
 * implementation here (store_client.c) talks to the sealslotd-store process
 * over a socketpair; another engine can implement the same verbs.
 *
 * All callbacks come from store_on_readable, on the event thread. A callback
 * may call store verbs.
 */
struct store;

struct store_item {
	char id[RANDOM_ID_LEN + 1];
	char inbox[LIMIT_INBOX_NAME + 1];
	uint32_t epoch;
	uint32_t serial;
	uint64_t size; /* bytes of ciphertext written */
	bool is_signed_in;
};

struct store_events {
	void *ctx;
	/*
	 * A schedule came, verified under the pinned root key, or there is none
	 * that may be used: s is NULL and why says ERR_NOTFOUND (none published),
	 * ERR_CLOCK or ERR_AUTH. s (with text and sig, for /keys) is borrowed
	 * until the next call of this.
	 */
	void (*schedule)(void *ctx, enum err why, const struct schedule *s, const struct buf *text,
	    const struct buf *sig, int32_t today);
	/* How many bytes one more upload's body may have; 0 when full. is_writable is false when
	 * nothing can be stored. */
	void (*room)(void *ctx, uint64_t bytes, bool is_writable);
	/* The store process is gone; every begin and commit under way has had its callback with
	 * ERR_CLOSED, every upload in between is lost (store_commit says ERR_CLOSED). */
	void (*gone)(void *ctx);
};

/* fd: a new upload's descriptor, write-only, appending, the callee's to close; -1 unless e is
 * ERR_OK (else the upload is forgotten: ERR_NOSPACE, ERR_LIMIT, ERR_BUSY, ERR_EXPIRED (no key),
 * ERR_SYS, ERR_CLOSED). */
typedef void store_begun(void *ctx, enum err e, int fd);
/* ERR_OK: it would survive a power cut now. ERR_CLOSED: store died meanwhile, nobody knows.
 * Anything else: it isn't stored and never will be. The upload is forgotten. */
typedef void store_committed(void *ctx, enum err e);

/* sock is the store's now; root is copied. */
enum err MUST_CHECK store_new(int sock, const struct minisign_key *root,
    const struct store_events *events, struct store **out);
/* Hands over the socket to a restarted store process. */
enum err MUST_CHECK store_reconnect(struct store *s, int sock);
void store_free(struct store *s);
/* To wait for readability, also while something has to be sent. The same one as long as s lives,
 * whether the store process is there or gone. */
int store_fd(const struct store *s);
/* Reads what has come, sends what is due; calls the callbacks. */
void store_on_readable(struct store *s);

/* Asks for a place for one upload; body_len is the request's size in bytes. *upload names it from
 * now on (never 0). ERR_CLOSED, ERR_BUSY. */
enum err MUST_CHECK store_begin(
    struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload);
/* The same for somebody who has signed in with a codename: for them a part of the day's bytes is
 * kept (limits.h). */
enum err MUST_CHECK store_begin_signed_in(
    struct store *s, uint64_t body_len, store_begun *cb, void *ctx, uint32_t *upload);
/* As the room event says, for somebody who has signed in. */
uint64_t store_signed_in_room(const struct store *s);
/* The descriptor must be closed before. ERR_CLOSED: the store was gone in between. */
enum err MUST_CHECK store_commit(struct store *s, uint32_t upload, const struct store_item *item,
    store_committed *cb, void *ctx);
/* Forgets an upload, in any state, also one that is forgotten already; no callback for it comes any
 * more. A commit under way may still happen. */
void store_abort(struct store *s, uint32_t upload);

#endif
