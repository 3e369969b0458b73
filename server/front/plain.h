#ifndef SEALSLOT_FRONT_PLAIN_H
#define SEALSLOT_FRONT_PLAIN_H

#include <stddef.h>

/*
 * Memory for what must never be seen again: pages of their own, left out of
 * core dumps, zeroed and costing nothing until they are touched (so never part of a huge page),
 * and given back to the kernel at once.
 */

/* n zeroed bytes; NULL when there is no memory. */
void *plain_new(size_t n);
/* Wipes the first `used` bytes, all that was ever written, and gives back all n. Accepts NULL. */
void plain_free(void *p, size_t n, size_t used);

#endif
