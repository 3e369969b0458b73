#ifndef SEALSLOT_STORE_ADMIN_EXPORT_H
#define SEALSLOT_STORE_ADMIN_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "store/depot.h"
#include "wire/wire.h"

/*
 * An export, as an admin's verb leads it: the list of items, the index of each
 * volume signed, and that it is counted as done. What one admin's export has
 * come to; zeros: none is under way. That it is the only one is the caller's to see.
 *
 * Each answers on sock. ERR_FORMAT: the verb asks out of turn; others as admin_say.
 */
struct admin_export {
	bool is_under_way;
	int32_t made;     /* the day of its list */
	size_t inventory; /* items of its list, if that was everything; SIZE_MAX: it wasn't */
	uint32_t serial;  /* of the index that was signed; 0: none yet */
	uint8_t hash[HASH_LEN];
};

enum err MUST_CHECK admin_export_list(
    struct admin_export *x, struct depot *d, int sock, const struct wire_msg *m);
enum err MUST_CHECK admin_export_sign(
    struct admin_export *x, struct depot *d, int sock, const struct wire_msg *m);
enum err MUST_CHECK admin_export_done(struct admin_export *x, struct depot *d, int sock);

#endif
