#ifndef SEALSLOT_OPEN_SECRET_H
#define SEALSLOT_OPEN_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Guarded, locked memory (sodium_malloc) for everything that must never reach
 * a disk. secret_new gives zeroed bytes; secret_free wipes them. NULL when
 * there is no lockable memory left (ERR_NOMEM at the callers).
 */
void *secret_new(size_t n);
/* Accepts NULL. */
void secret_free(void *p);

/* A secret text of bounded size: passphrases, identity lines, decrypted key files. */
struct secret_text {
	char *p;    /* owned, guarded, NUL behind the content */
	size_t len; /* bytes without the NUL */
	size_t max;
};
/* An empty one for at most max bytes. */
enum err MUST_CHECK secret_text_new(struct secret_text *t, size_t max);
/* ERR_LIMIT past max. */
enum err MUST_CHECK secret_text_add(struct secret_text *t, const void *p, size_t n);
/* Wipes and frees; accepts a zeroed struct. */
void secret_text_wipe(struct secret_text *t);

#endif
