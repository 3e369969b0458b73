#ifndef SEALSLOT_TOOL_PUBLIC_H
#define SEALSLOT_TOOL_PUBLIC_H

#include "base/buf.h"
#include "base/err.h"
#include "open/keystore.h"
#include "tool.h"

/* The public files of a key store, on their way into another one. */

/*
 * Puts root.pub (if from_path, the folder of from, has one), reply.pub and all of publish/ in the
 * place of what the other key store has; the instance comes last: with it that one is complete.
 */
enum err MUST_CHECK public_copy(const struct keystore *from, const char *from_path,
    const struct keystore *to, struct tool_fault *f);

/* Takes a file that was read; content is borrowed. It fills in the fault itself. */
typedef enum err public_put(void *ctx, const char *name, const struct buf *content);
/* Gives put each statement of a root key (keys/FORMATS.md section 4), and each signature of one,
 * that lies beside a schedule. They aren't verified. */
enum err MUST_CHECK public_statements(
    const char *schedule, public_put *put, void *ctx, struct tool_fault *f);

#endif
