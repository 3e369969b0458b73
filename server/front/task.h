#ifndef SEALSLOT_FRONT_TASK_H
#define SEALSLOT_FRONT_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "front/answer.h"

/*
 * A request that isn't answered at once: because it has a body, or because
 * another process has to be asked first. http.c drives it without knowing
 * which it is. First member of what it is; everything happens on the event thread.
 *
 *   (made) -> wake -> put* -> end -> wake -> answer -> free      with a body
 *   (made) -> wake -> answer -> free                             without
 */
struct task {
	const struct task_ops *ops;
};

/* Who waits for it: wake is called when there is something to go on with. */
struct task_owner {
	void (*wake)(void *ctx);
	void *ctx;
};

struct task_ops {
	/* Takes body bytes; *used says how many. ERR_OK: all. ERR_AGAIN: wake comes, then go on
	 * with the rest. ERR_STATE: it is over. NULL, like end, when it is a request without a
	 * body. */
	enum err (*put)(struct task *t, const void *p, size_t n, size_t *used);
	/* The body is complete. */
	void (*end)(struct task *t);
	/* Is there an answer? */
	bool (*is_over)(const struct task *t);
	/* It takes too long: it is over now. */
	void (*give_up)(struct task *t);
	/* The answer, once it is over; a is initialised in any case. */
	enum err (*answer)(struct task *t, struct answer *a);
	/* Lets go of it in any state, and of everything it holds. */
	void (*free)(struct task *t);
};

static inline void
task_free(struct task *t)
{
	if (t != NULL)
		t->ops->free(t);
}

#endif
