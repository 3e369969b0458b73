#ifndef SEALSLOT_CLIENT_PARTS_NAME_H
#define SEALSLOT_CLIENT_PARTS_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* What a file's name says about being a part of a larger file. */
#define PARTS_BASE 255  /* bytes of the name without its number */
#define PARTS_MAX  9999 /* parts of one file */

enum parts_kind {
	PARTS_NONE,
	PARTS_PART,    /* name.part1 */
	PARTS_NUMBER,  /* name.001 */
	PARTS_SPLIT,   /* xaa: split(1) when nothing else is said */
	PARTS_COUNTED, /* x00, name.00, name.part-01: split -d */
	PARTS_LETTERED /* name.aa, name.part-aa: split with a prefix */
};

struct parts_name {
	enum parts_kind kind;
	uint32_t number;
	/* How it is written: digits or letters of the number where they are always as many, and the
	 * mark before them. */
	uint8_t width;
	char mark;
	bool has_part; /* ".part" stands before the mark */
	char base[PARTS_BASE + 1];
};

/* Reads a file's name; false: it isn't that of a part. */
bool parts_name_parse(const char *name, struct parts_name *out);
/* Are two parts of one file, by their names? */
bool parts_name_is_same(const struct parts_name *a, const struct parts_name *b);
/* Other files are called so too (report.de, minutes_03): only a whole sequence of them is one. */
bool parts_name_is_weak(const struct parts_name *name);

#endif
