#ifndef SEALSLOT_STORE_DB_SCHEMA_H
#define SEALSLOT_STORE_DB_SCHEMA_H

#include "store/db.h"

/* The tables of an index, by version. Errors as in db.h. */

/* Is it an index of ours, of this version or an older one? ERR_PROFILE, ERR_ROLLBACK as db_open. */
enum err MUST_CHECK db_schema_check(struct db *d);
/* From its version, 0 when it is empty, to this program's, in one transaction. */
enum err MUST_CHECK db_schema_upgrade(struct db *d);
/* Has it the tables and indexes of a new one, word for word, and nothing else, such as a trigger?
 * ERR_PROFILE. */
enum err MUST_CHECK db_schema_compare(struct db *d, struct db *fresh);

#endif
