#ifndef SEALSLOT_CLIENT_CMD_JSON_H
#define SEALSLOT_CLIENT_CMD_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "vault.h"

/* The vault's list as one JSON object and a line feed; ASCII only, so nothing in it can move a
 * terminal. */
enum err MUST_CHECK cmd_json_list(struct buf *out, const struct vault *v);

#endif
