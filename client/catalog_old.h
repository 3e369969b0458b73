#ifndef SEALSLOT_CLIENT_CATALOG_OLD_H
#define SEALSLOT_CLIENT_CATALOG_OLD_H

#include "catalog.h"

/*
 * Sets CATALOG_OLD_SCHEDULE on every item for which another one, received on
 * an earlier day, was already sealed under a newer schedule: the server has gone back.
 */
enum err MUST_CHECK catalog_old_mark(struct catalog *c);

#endif
