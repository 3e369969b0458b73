#ifndef SEALSLOT_FRONT_PROXY_H
#define SEALSLOT_FRONT_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The line that tor puts in front of a connection (HiddenServiceExportCircuitID haproxy; version 1
 * of HAProxy's PROXY protocol): "PROXY TCP6 SOURCE DESTINATION PORT PORT\r\n". The last four bytes
 * of the source address number the circuit; they say nothing about who is at its other end.
 *
 * Pure: no I/O.
 */

/*
 * Reads the line at the start of the n bytes that came so far. ERR_OK: it has *len bytes, and
 * *circuit is its number, 0 when it names none. ERR_AGAIN: more has to come. ERR_FORMAT: this isn't
 * such a line, or longer than LIMIT_PROXY_LINE.
 */
enum err MUST_CHECK proxy_parse(const char *p, size_t n, size_t *len, uint32_t *circuit);

#endif
