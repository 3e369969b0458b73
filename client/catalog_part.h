#ifndef SEALSLOT_CLIENT_CATALOG_PART_H
#define SEALSLOT_CLIENT_CATALOG_PART_H

#include "catalog.h"

/* What the files of the catalog share among themselves. */

/* catalog_find.c: where an id stands among the items, or would stand. */
size_t catalog_item_place(const struct catalog *c, const char *id);

#endif
