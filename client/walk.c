#include "walk.h"

#include <jansson.h>
#include <string.h>

void
walk_fault(struct walk *w, const char *why)
{
	if (w->why == NULL)
		w->why = why;
}

void
walk_init(struct walk *w, json_t *object)
{
	*w = (struct walk){.object = object};
	if (!json_is_object(object))
		walk_fault(w, "it isn't an object where one belongs");
	else
		w->at = json_object_iter(object);
}

json_t *
walk_next(struct walk *w, const char *key)
{
	json_t *v;

	if (w->why == NULL && (w->at == NULL || strcmp(json_object_iter_key(w->at), key) != 0))
		walk_fault(w, "its keys aren't the expected ones in their order");
	if (w->why != NULL)
		return NULL;
	v = json_object_iter_value(w->at);
	w->at = json_object_iter_next(w->object, w->at);
	return v;
}

void
walk_end(struct walk *w)
{
	if (w->at != NULL)
		walk_fault(w, "it has more keys than expected");
}

void
walk_string(struct walk *w, const json_t *v, char *out, size_t max)
{
	if (w->why != NULL)
		return;
	if (!json_is_string(v)) {
		walk_fault(w, "a value isn't a text where one belongs");
		return;
	}
	if (json_string_length(v) > max) {
		walk_fault(w, "a text is longer than permitted");
		return;
	}
	memcpy(out, json_string_value(v), json_string_length(v));
	out[json_string_length(v)] = '\0';
}

void
walk_optional(struct walk *w, const json_t *v, char *out, size_t max)
{
	if (w->why == NULL && json_is_null(v))
		out[0] = '\0';
	else
		walk_string(w, v, out, max);
}

uint64_t
walk_number(struct walk *w, const json_t *v, uint64_t max)
{
	json_int_t n;

	if (w->why != NULL)
		return 0;
	n = json_is_integer(v) ? json_integer_value(v) : -1;
	if (n < 0 || (uint64_t)n > max) {
		walk_fault(w, "a number is missing or out of its range");
		return 0;
	}
	return (uint64_t)n;
}
