#ifndef SEALSLOT_FRONT_SEALER_THREADS_H
#define SEALSLOT_FRONT_SEALER_THREADS_H

#include "front/sealer_work.h"

/*
 * The beginning and the end of the sealer's workers, for the event thread.
 * What they do is in sealer_work.c.
 */

/* Starts as many more as make n, at most SEALER_WORKERS_MAX. ERR_SYS: fewer run; stop them. */
enum err MUST_CHECK sealer_threads_start(struct sealer *s, unsigned n);
/* Lets them finish what they have, and waits for all. */
void sealer_threads_stop(struct sealer *s);

#endif
