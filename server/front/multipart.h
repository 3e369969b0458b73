#ifndef SEALSLOT_FRONT_MULTIPART_H
#define SEALSLOT_FRONT_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "front/part_header.h"

/*
 * Push parser for multipart/form-data (RFC 7578, RFC 2046 section 5.1) as
 * browsers send it. Fixed memory, no I/O; any split of the body gives the same
 * parts. Lines end with CRLF and nothing else; the close delimiter is required; what
 * follows a boundary on its line is blanks or malformed; nested multiparts are
 * data. Preamble, epilogue and blanks together may take LIMIT_MULTIPART_SLACK bytes.
 */

enum multipart_event {
	MULTIPART_MORE,     /* all input is used: feed more */
	MULTIPART_PART,     /* a part begins: see part */
	MULTIPART_DATA,     /* bytes of it: see data and data_len, valid until the next call */
	MULTIPART_PART_END, /* the part is complete */
	MULTIPART_END,      /* the close delimiter: no more parts */
};

struct multipart {
	struct part_header part;
	const uint8_t *data; /* in the caller's memory, or in delimiter */
	size_t data_len;

	enum {
		MULTIPART_DEAD = 0, /* a zeroed struct, or after an error */
		MULTIPART_PREAMBLE,
		MULTIPART_BODY,
		MULTIPART_BOUNDARY, /* behind a delimiter, still on its line */
		MULTIPART_BLANKS,   /* the same, and blanks have come: too late for `--` */
		MULTIPART_LINE_END, /* behind that line's CR */
		MULTIPART_CLOSING,  /* behind the first `-` */
		MULTIPART_HEADER,
		MULTIPART_EPILOGUE,
	} state;
	size_t slack;   /* bytes outside of parts so far */
	size_t matched; /* bytes of delimiter that the input so far ends with */
	size_t assumed; /* how many of these weren't content to begin with */
	size_t delimiter_len;
	uint8_t delimiter[4 + LIMIT_BOUNDARY]; /* CR LF - - boundary */
	size_t header_len;
	char header[LIMIT_PART_HEADER]; /* last: its pages are touched only as far as needed */
};

/* ERR_FORMAT unless the boundary is 1 to LIMIT_BOUNDARY characters that RFC 2046 permits. */
enum err MUST_CHECK multipart_init(struct multipart *m, const char *boundary, size_t n);
/*
 * Reads from *p, n bytes long, up to the next event, and moves *p and *n past
 * what was used. ERR_FORMAT for a malformed body, ERR_LIMIT for a part
 * header, or slack, over its limit; ERR_STATE after that.
 */
enum err MUST_CHECK multipart_next(
    struct multipart *m, const uint8_t **p, size_t *n, enum multipart_event *event);
/* The body is over: ERR_TRUNCATED unless the close delimiter has come. */
enum err MUST_CHECK multipart_finish(const struct multipart *m);
/* Accepts a zeroed struct. */
void multipart_wipe(struct multipart *m);

#endif
