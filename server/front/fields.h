#ifndef SEALSLOT_FRONT_FIELDS_H
#define SEALSLOT_FRONT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"
#include "front/form_token.h"
#include "front/multipart.h"

/*
 * The small forms: a token and at most one other field, in a body of at most
 * LIMIT_SMALL_FORM bytes (the same multipart/form-data as uploads, so there is
 * one parser). Pure; what it holds may be a codename: whoever owns it wipes it.
 */
struct fields {
	const char *name;               /* of the other field; static; NULL: there is none */
	char token[FORM_TOKEN_LEN + 1]; /* "" unless it has the right length */
	char value[LIMIT_FIELD + 1];    /* of the other field */
	size_t token_len, value_len;
	bool has_token, has_value;
	enum { FIELDS_NONE, FIELDS_TOKEN, FIELDS_VALUE } open; /* the part that comes */
	struct multipart body;                                 /* last: it is large */
};

/* ERR_FORMAT for a bad boundary. */
enum err MUST_CHECK fields_init(
    struct fields *f, const char *boundary, size_t boundary_len, const char *name);
/* Takes body bytes. ERR_FORMAT for anything but the two fields, each once; ERR_LIMIT. */
enum err MUST_CHECK fields_put(struct fields *f, const void *p, size_t n);
/* The body is over. ERR_OK: all fields are there, and end with a NUL. */
enum err MUST_CHECK fields_end(struct fields *f);
/* Accepts a zeroed struct. */
void fields_wipe(struct fields *f);

#endif
