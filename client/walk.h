#ifndef SEALSLOT_CLIENT_WALK_H
#define SEALSLOT_CLIENT_WALK_H

#include <stddef.h>
#include <stdint.h>

/*
 * A walk through the values of one JSON object, in their order. The first thing that isn't as it
 * must be stays in why; whatever is asked for behind it gives nothing and changes nothing, so that
 * it is enough to look at why at the end.
 */
struct json_t; /* jansson's */

struct walk {
	struct json_t *object; /* borrowed, as is every value of it */
	void *at;
	const char *why; /* a static phrase; NULL as long as all went well */
};

/* A fault if object is no object. */
void walk_init(struct walk *w, struct json_t *object);
/* Notes a fault, unless there is one already. why is static. */
void walk_fault(struct walk *w, const char *why);
/* The value of the next key, which must be this one; NULL after any fault. Borrowed. */
struct json_t *walk_next(struct walk *w, const char *key);
/* A fault if there is any key left. */
void walk_end(struct walk *w);

/* These take a value that walk_next gave. */
/* A text of at most max bytes without NUL; out has one byte more. */
void walk_string(struct walk *w, const struct json_t *v, char *out, size_t max);
/* The same, but null is "". */
void walk_optional(struct walk *w, const struct json_t *v, char *out, size_t max);
/* From 0 to max; 0 after any fault. */
uint64_t walk_number(struct walk *w, const struct json_t *v, uint64_t max);

#endif
