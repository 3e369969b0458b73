#ifndef SEALSLOT_FRONT_FIELD_H
#define SEALSLOT_FRONT_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "front/request.h"

/* The values inside a request's head, each by its own grammar; for request.c. Nothing here reads
 * past p + n. */

/* A method or field name (RFC 9110 section 5.6.2), not empty. */
bool field_is_token(const char *p, size_t n);
/* The request target, which must be a path: fills in path and lang. False: malformed. */
bool field_target(struct request *r, const char *p, size_t n);
/* In lower case. False: malformed. */
bool field_host(struct request *r, const char *p, size_t n);
/* The boundary of multipart/form-data, if that is what it is. */
void field_boundary(struct request *r, const char *p, size_t n);
/* The cookie s; none if it isn't exactly of our form, or is there twice. */
void field_cookie(struct request *r, const char *p, size_t n);
void field_language(struct request *r, const char *p, size_t n);

#endif
