#ifndef SEALSLOT_PARENT_HANDOVER_H
#define SEALSLOT_PARENT_HANDOVER_H

#include "base/err.h"
#include "parent/setup.h"
#include "wire/wire.h"

/* What the parent says to a child that it has just started. */

/* The configuration's text and the root key. */
enum err MUST_CHECK handover_conf(int sock, const struct setup *s);
/* The logo, if there is one: to front alone. */
enum err MUST_CHECK handover_logo(int sock, const struct setup *s);
/* One end of a socketpair; fd is closed here. */
enum err MUST_CHECK handover_peer(int sock, enum role role, int fd);
/* An op without a body. */
enum err MUST_CHECK handover_op(int sock, enum op op);
/* That was all: begin. */
enum err MUST_CHECK handover_go(int sock, const struct setup *s);

#endif
