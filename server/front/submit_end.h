#ifndef SEALSLOT_FRONT_SUBMIT_END_H
#define SEALSLOT_FRONT_SUBMIT_END_H

#include "front/intake.h"
#include "front/page.h"
#include "front/submit_turn.h"

/*
 * How an upload ends, whoever ends it: with a page that says why not, or, once
 * it is committed, with a session and a receipt. It begins nothing.
 */

/* The page for intake's verdict on it. */
enum page_value submit_end_page_of(const struct submit *u, enum intake_verdict v);
/* It is over, whatever intake would say; what it held is let go of. */
void submit_end_with(struct submit *u, enum page_value page);
/* Nobody waits for it any more: over, with page unless it is committed. */
void submit_end_give_up(struct submit *u, enum page_value page);
/* Has intake come to a verdict? Then it is over, or committed and waits for its session. */
void submit_end_conclude(struct submit *u);
/* Its intake, its codename, its place among its circuit's. Again does nothing. */
void submit_end_release(struct submit *u);
/* Its owner looks at it again. */
void submit_end_wake(struct submit *u);

#endif
