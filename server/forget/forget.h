#ifndef SEALSLOT_FORGET_FORGET_H
#define SEALSLOT_FORGET_FORGET_H

#include "base/err.h"

/*
 * A process that forgets. Linking this room replaces free and realloc of the
 * whole program, libraries too: what goes back to the heap is overwritten
 * first. glibc's M_PERTURB doesn't reach the small blocks that its thread
 * cache keeps, and those are where a codename or a header line would stay.
 */

/*
 * Locks the memory that is in use, as it is touched, so that nothing swaps.
 * ERR_NOMEM: RLIMIT_MEMLOCK is too low to lock what will be needed (need, in bytes);
 * then guarded memory alone is locked, and the caller says so.
 */
enum err MUST_CHECK forget_lock_memory(unsigned long need);

/*
 * Overwrites what calls that have returned left on this thread's stack, as deep as ours and a
 * library's go. Called from where the stack is shallow.
 */
void forget_stack(void);

#endif
