#ifndef SEALSLOT_TOOL_RETIRE_PRINT_H
#define SEALSLOT_TOOL_RETIRE_PRINT_H

#include <stddef.h>

#include "holders.h"
#include "retire.h"

/* What retire says on standard output, before it asks and after it has destroyed. */

/*
 * Each epoch with its verdict, then which backups and copies still open what is or will be
 * destroyed. n_needs: how many vaults were asked.
 */
void retire_print_plan(const struct retire_plan *p, const struct holders *known, size_t n_needs);
/* How many epochs were destroyed, and what to do next. path: of the key store. */
void retire_print_end(size_t destroyed, const char *path);

#endif
