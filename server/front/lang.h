#ifndef SEALSLOT_FRONT_LANG_H
#define SEALSLOT_FRONT_LANG_H

#include <stdbool.h>
#include <stddef.h>

/* Which of the compiled-in languages a reader gets. */

#define LANG_MAX 8 /* as many as sealslotd.conf may name */

/* What the instance offers: indices for page_language_code; the first is the default. */
struct lang_set {
	size_t lang[LANG_MAX];
	size_t n;
};

/* Adds a language by its code; false: it isn't compiled in, or there are too many. */
bool lang_add(struct lang_set *s, const char *code);
/* A language of the set by its code ("fr", or "fr-CA" for its first part; case is ignored). */
bool lang_find(const struct lang_set *s, const char *code, size_t len, size_t *lang);
/*
 * The language of an Accept-Language header (RFC 9110 section 12.5.4): the
 * highest weight wins, the earlier of two equals; what is malformed is passed
 * over. The default when nothing fits.
 */
size_t lang_choose(const struct lang_set *s, const char *accept);

#endif
