#ifndef SEALSLOT_STORE_SETTLE_SWEEP_H
#define SEALSLOT_STORE_SETTLE_SWEEP_H

#include "base/err.h"

/*
 * At start, before anything else looks at the folder of items: removes what a
 * kill has left of a settle's copies, gives items their names back.
 */
enum err MUST_CHECK settle_sweep(int items);

#endif
