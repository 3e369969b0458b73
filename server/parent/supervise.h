#ifndef SEALSLOT_PARENT_SUPERVISE_H
#define SEALSLOT_PARENT_SUPERVISE_H

#include "base/err.h"
#include "parent/setup.h"
#include "wire/reason.h"

/*
 * The parent of a running server: starts one program per process, hands them
 * their sockets, starts again what has died (after a growing wait), and holds
 * nothing secret itself. When started as root it becomes the configured user first.
 *
 *   SIGTERM, SIGINT   uploads in flight may end, within drain_seconds; once more: end now
 *   SIGHUP            look for a new schedule
 *
 * listener is borrowed. serving is called once, when all of them work.
 * Returns ERR_OK after a signal to end; otherwise why it couldn't start.
 */
enum err MUST_CHECK supervise(
    const struct setup *s, int listener, void (*serving)(void *ctx), void *ctx, struct reason *why);

#endif
