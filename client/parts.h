#ifndef SEALSLOT_CLIENT_PARTS_H
#define SEALSLOT_CLIENT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sink.h"
#include "vault.h"

/*
 * One large file that came in parts, perhaps in several submissions of one
 * source: name.part1, name.part2; name.001, name.002; or xaa, xab as split(1)
 * names them.
 */
#define PARTS_BASE 255  /* bytes of the name without its number */
#define PARTS_MAX  9999 /* parts of one file */

enum parts_kind { PARTS_NONE, PARTS_PART, PARTS_NUMBER, PARTS_SPLIT };

struct parts_name {
	enum parts_kind kind;
	uint32_t number;
	char base[PARTS_BASE + 1];
};
/* Reads a file's name; false: it isn't that of a part. */
bool parts_parse(const char *name, struct parts_name *out);

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
	uint64_t size; /* bytes of all */
	bool is_open;  /* while the first submission is looked through */
};

/*
 * Looks for the parts of a file, in row and in every submission of the same
 * mailbox. base: which file; NULL if there is only one. ERR_NOTFOUND: row has no part;
 * ERR_AMBIGUOUS: of several files, and base is NULL; ERR_EXISTS: a part came twice, with different
 * contents; or as keep_open. *p is the caller's (parts_wipe).
 */
enum err MUST_CHECK parts_find(
    struct vault *v, const struct catalog_item *row, const char *base, struct parts *p);
/* Writes one part after the other, verified. ERR_STATE: one is missing. */
enum err MUST_CHECK parts_join(struct vault *v, const struct parts *p, struct sink out);
void parts_wipe(struct parts *p);

#endif
