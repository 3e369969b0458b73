#ifndef SEALSLOT_FRONT_ANSWER_H
#define SEALSLOT_FRONT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "front/receipts.h"

/* What is sent back to a request: status, strict header fields, body. */

#define ANSWER_BODY_MAX (2 * 1024 * 1024) /* bytes: a schedule with its signature, or a page */
#define ANSWER_LOCATION 64

enum answer_type { ANSWER_HTML, ANSWER_TEXT, ANSWER_CSS, ANSWER_PNG };

struct answer {
	unsigned status;
	enum answer_type type;
	bool may_be_framed;              /* by our own pages */
	char location[ANSWER_LOCATION];  /* of a redirection; "" */
	char cookie[RECEIPTS_TOKEN + 1]; /* to set; "" */
	char refresh[128];               /* "2; url=/..."; "" */
	bool is_farewell;                /* the browser is to forget everything of ours */
	const char *allow;               /* of a 405: static; or NULL */
	struct buf body;
	char line[128]; /* the Set-Cookie field, while the fields are in use */
};

struct answer_field {
	const char *name, *value; /* borrowed from the answer, or static */
};
#define ANSWER_FIELDS 16

void answer_init(struct answer *a, unsigned status);
/* Wipes it; it may be initialised again. */
void answer_wipe(struct answer *a);
/* All fields but Content-Length, as many as the result says. */
size_t answer_fields(struct answer *a, struct answer_field out[static ANSWER_FIELDS]);
/*
 * The head of the answer as bytes, for a connection that libmicrohttpd must not have:
 * status line, all fields, Content-Length and the empty line.
 */
enum err MUST_CHECK answer_head(struct answer *a, struct buf *out);

#endif
