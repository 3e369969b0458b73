#ifndef SEALSLOT_FRONT_CIRCUITS_H
#define SEALSLOT_FRONT_CIRCUITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * How many places each of tor's circuits holds, so that the one that holds most gives way first
 * when there are none left. In memory only, and gone with the last place of a circuit. Circuit 0 is
 * nobody's: what isn't known isn't counted.
 */
struct circuits;

/* max: places in all. */
enum err MUST_CHECK circuits_new(size_t max, struct circuits **out);
/* Accepts NULL. */
void circuits_free(struct circuits *c);
/* One place more, or less, for a circuit; there are never more than max. */
void circuits_enter(struct circuits *c, uint32_t circuit);
void circuits_leave(struct circuits *c, uint32_t circuit);
/* Places that a circuit holds; 0 for circuit 0. */
uint32_t circuits_held(const struct circuits *c, uint32_t circuit);
/* The circuit that holds most, and how many in *held; 0 with 0 when nothing is counted. */
uint32_t circuits_most(const struct circuits *c, uint32_t *held);

#endif
