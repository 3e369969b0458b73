#ifndef SEALSLOT_FRONT_SUBMIT_H
#define SEALSLOT_FRONT_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "front/answer.h"
#include "front/request.h"
#include "front/site.h"

/*
 * One form coming back: what intake (one upload) needs from HTTP and the
 * site, and what page tells how it ended. The same form sent twice is stored
 * once: a committed one is answered with its receipt, one that still comes in
 * gives way to the newer.
 *
 *   submit_admit -> submit_new -> wake -> submit_put* -> submit_end -> wake -> submit_answer
 */
struct submit;

/*
 * What can be known from the head. ERR_OK: it may begin. ERR_STATE: *a says why not. ERR_NOMEM.
 */
enum err MUST_CHECK submit_admit(const struct site *s, const struct request *r, struct answer *a);

/*
 * Begins. r is borrowed for as long as the submit lives. wake is called on the
 * event thread when there is something to go on with: after submit_new, after
 * ERR_AGAIN, after submit_end. It may be over at once, see submit_is_over. ERR_NOMEM.
 */
enum err MUST_CHECK submit_new(struct site *s, const struct request *r, void (*wake)(void *ctx),
    void *ctx, struct submit **out);
/* As intake_put. ERR_STATE: it is over, submit_answer says how. */
enum err MUST_CHECK submit_put(struct submit *u, const void *p, size_t n, size_t *used);
/* The body is complete. */
void submit_end(struct submit *u);
/* Is there an answer? */
bool submit_is_over(const struct submit *u);
/* It takes too long: it is over now. */
void submit_give_up(struct submit *u);
/* How it ended: the receipt, or a page that says why not. After submit_is_over; a is initialised.
 */
enum err MUST_CHECK submit_answer(struct submit *u, struct answer *a);
/* Lets go of it in any state, and of everything it holds. Accepts NULL. */
void submit_free(struct submit *u);

#endif
