#ifndef SEALSLOT_MAILBOX_DERIVER_H
#define SEALSLOT_MAILBOX_DERIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/codename.h"

/*
 * The worker threads that run Argon2id: one job takes 64 MiB and about 130 ms.
 * Two kinds of work: sign-ins, which a person waits for, and codenames derived
 * ahead for uploads to come, done when no sign-in waits. Completions come
 * through a queue and an eventfd, in deriver_on_readable, on the event thread.
 */
struct deriver;

struct deriver_events {
	void *ctx;
	/* A sign-in is done; keys are borrowed. ERR_NOMEM: no memory for Argon2id now;
	 * ERR_BUSY: its turn didn't come. */
	void (*signed_in)(void *ctx, uint32_t ref, enum err e, const struct codename_keys *keys);
};

/* A codename that nobody has yet. A secret: who takes one wipes it. */
struct deriver_fresh {
	struct codename name;
	struct codename_keys keys;
};

/* workers: threads for sign-ins; one more, of low priority, refills the pool, which holds from one
 * to two times `at_once` codenames. instance: borrowed for good. */
enum err MUST_CHECK deriver_new(unsigned workers, size_t at_once, const char *instance,
    const struct deriver_events *events, struct deriver **out);
/* Waits for the workers, wipes. Accepts NULL. */
void deriver_free(struct deriver *d);
int deriver_fd(const struct deriver *d);
void deriver_on_readable(struct deriver *d);
/* Queues a sign-in; c is copied. ERR_BUSY: LIMIT_SIGN_IN_WAITING are waiting already. */
enum err MUST_CHECK deriver_sign_in(
    struct deriver *d, uint32_t ref, const struct codename *c, int64_t now_ms);
/* Whose turn hasn't come for LIMIT_SIGN_IN_MS is answered with ERR_BUSY. Are others waiting? */
bool deriver_sweep(struct deriver *d, int64_t now_ms);
/* Who asked is gone: no sign-in queued until now is answered any more. */
void deriver_forget_sign_ins(struct deriver *d);
/* A codename from the pool. ERR_AGAIN: it is empty; the workers are refilling it. */
enum err MUST_CHECK deriver_take(struct deriver *d, struct deriver_fresh *out);
/* One that was taken and that nobody ever saw goes back; the caller wipes its copy. A full pool
 * forgets it. */
void deriver_give_back(struct deriver *d, const struct deriver_fresh *f);

#endif
