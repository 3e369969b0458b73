#ifndef SEALSLOT_CLIENT_PARTS_H
#define SEALSLOT_CLIENT_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "item.h"
#include "parts_name.h"
#include "vault.h"

/*
 * One large file that came in parts, perhaps in several submissions of one
 * source, under names as parts_name.h knows them.
 */
struct part {
	const struct catalog_item *item; /* NULL: missing */
	size_t member;                   /* its place in the archive */
	uint64_t size;
	uint32_t crc;
};

struct parts {
	struct parts_name name; /* of the file; number: that of the first part, 0 or 1 */
	struct part *all;       /* owned: by number */
	size_t n;               /* up to the highest one that came */
	size_t missing;
	uint64_t size;          /* bytes of all */
	const struct part *bad; /* after parts_join failed: the part that can't be read, or NULL */
};
void parts_wipe(struct parts *p);

/* All files with such names in a submission and in the others of its mailbox. */
struct parts_search {
	struct parts_found *all; /* owned; those of the submission itself first */
	size_t n, cap, own;
	/* Others that can't be opened, perhaps because their key was destroyed; owned. */
	const struct catalog_item **closed;
	size_t n_closed;
};
/* it: row's submission, open. *s is the caller's (parts_search_wipe). ERR_NOMEM. */
enum err MUST_CHECK parts_search(
    struct vault *v, const struct catalog_item *row, const struct item *it, struct parts_search *s);
void parts_search_wipe(struct parts_search *s);

/*
 * The file of which the i-th of the submission's own files (i < s->own) is a part.
 * ERR_NOTFOUND: it is only called so, or an earlier one is of the same file; ERR_EXISTS: a part
 * came twice, with different contents; ERR_NOMEM. *p is the caller's (parts_wipe).
 */
enum err MUST_CHECK parts_of(const struct parts_search *s, size_t i, struct parts *p);
/*
 * The file called base; NULL: the only one. ERR_NOTFOUND: the submission has no part;
 * ERR_AMBIGUOUS: of several files, and base is NULL; or as parts_of.
 */
enum err MUST_CHECK parts_find(const struct parts_search *s, const char *base, struct parts *p);
/* Writes one part after the other, verified. ERR_STATE: one is missing. */
enum err MUST_CHECK parts_join(struct vault *v, struct parts *p, struct sink out);

#endif
