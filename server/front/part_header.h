#ifndef SEALSLOT_FRONT_PART_HEADER_H
#define SEALSLOT_FRONT_PART_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"

/*
 * The header of one part of a multipart/form-data body (RFC 7578), as
 * browsers write it: name and filename are quoted strings in which a backslash
 * is an ordinary character and `"`, CR and LF stand as %22, %0D and %0A. Just
 * these three are decoded. filename* is ignored, as RFC 7578 section 4.2
 * forbids it. NUL and control characters that stand there raw become U+FFFD.
 */
struct part_header {
	char name[LIMIT_FIELD_NAME + 1];        /* never empty; cut if longer */
	bool is_file;                           /* there is a filename, perhaps an empty one */
	char filename[LIMIT_ORIGINAL_NAME + 1]; /* any bytes but NUL; cut at a UTF-8 border */
	char type[LIMIT_FILE_TYPE + 1];         /* Content-Type as sent; "" if none or longer */
};

/*
 * Parses n bytes of complete header lines, each with its CRLF, without the
 * empty line behind them. Unfolds in place. ERR_FORMAT for anything malformed, for a
 * part without a name, and for a header or a parameter that counts given twice.
 */
enum err MUST_CHECK part_header_parse(char *p, size_t n, struct part_header *out);

#endif
