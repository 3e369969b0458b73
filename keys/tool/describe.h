#ifndef SEALSLOT_TOOL_DESCRIBE_H
#define SEALSLOT_TOOL_DESCRIBE_H

#include <stdint.h>

#include "carry/schedule.h"

/* Printing for people, to standard output: one fact a line, its name in the first column. */

void describe_fact(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The key's line, and its fingerprint in words below it. */
void describe_key(const char *name, const struct minisign_key *k);
/* Serial, instance, inboxes with their epochs, revoked epochs, reply keys; how long it lasts, seen
 * from a day. */
void describe_schedule(const struct schedule *s, int32_t today);

#endif
