#include "parts_name.h"

#include <stddef.h>
#include <string.h>

#define DIGITS     "0123456789"
#define MARKS      "._-"
#define PART       ".part"
#define DIGITS_MAX 4

/* What stands before the number: base bytes are the file's own name. */
static bool
take(struct parts_name *out, const char *name, size_t base, uint32_t number)
{
	if (base == 0 || base > PARTS_BASE || number >= PARTS_MAX)
		return false;
	out->number = number;
	memcpy(out->base, name, base);
	out->base[base] = '\0';
	return true;
}

static bool
ends_in(const char *name, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n > len && memcmp(name + n - len, end, len) == 0;
}

/* A name with a mark before its number, which begins at `at`. */
static bool
take_marked(struct parts_name *out, const char *name, size_t at, uint32_t number)
{
	size_t base = at - 1;

	if (at < 2 || strchr(MARKS, name[base]) == NULL)
		return false;
	out->mark = name[base];
	if ((out->has_part = ends_in(name, base, PART)))
		base -= strlen(PART);
	return take(out, name, base, number);
}

/* at: where the digits begin. */
static bool
parse_digits(const char *name, size_t n, size_t at, struct parts_name *out)
{
	uint32_t number = 0;
	size_t i;

	if (n - at > DIGITS_MAX)
		return false;
	for (i = at; i < n; i++)
		number = number * 10 + (uint32_t)(name[i] - '0');
	if (ends_in(name, at, PART)) {
		out->kind = PARTS_PART;
		return take(out, name, at - strlen(PART), number);
	}
	out->width = (uint8_t)(n - at);
	if (n - at == 3 && name[at - (at > 0)] == '.') {
		out->kind = PARTS_NUMBER;
		return at > 1 && take(out, name, at - 1, number);
	}
	out->kind = PARTS_COUNTED;
	if (n - at == 2 && at == 1 && name[0] == 'x')
		return take(out, name, 1, number);
	return n - at >= 2 && take_marked(out, name, at, number);
}

/* aa, ab, ...; three letters only from aaa to azz, so that no .pdf is one. */
static bool
parse_letters(const char *name, size_t n, struct parts_name *out)
{
	uint32_t number = 0;
	size_t at = n, i;

	while (at > 0 && name[at - 1] >= 'a' && name[at - 1] <= 'z')
		at--;
	if (n == 3 && at == 0 && name[0] == 'x') {
		out->kind = PARTS_SPLIT;
		return take(
		    out, name, 1, (uint32_t)(name[1] - 'a') * 26 + (uint32_t)(name[2] - 'a'));
	}
	if (n - at != 2 && (n - at != 3 || name[at] != 'a'))
		return false;
	for (i = at; i < n; i++)
		number = number * 26 + (uint32_t)(name[i] - 'a');
	out->kind = PARTS_LETTERED;
	out->width = (uint8_t)(n - at);
	return take_marked(out, name, at, number);
}

bool
parts_name_parse(const char *name, struct parts_name *out)
{
	size_t n = strlen(name), at = n;
	struct parts_name got = {0};

	while (at > 0 && strchr(DIGITS, name[at - 1]) != NULL)
		at--;
	if (at < n ? !parse_digits(name, n, at, &got) : !parse_letters(name, n, &got))
		return false;
	*out = got;
	return true;
}

bool
parts_name_is_same(const struct parts_name *a, const struct parts_name *b)
{
	return a->kind == b->kind && a->width == b->width && a->mark == b->mark &&
	       a->has_part == b->has_part && strcmp(a->base, b->base) == 0;
}

bool
parts_name_is_weak(const struct parts_name *name)
{
	return name->kind == PARTS_COUNTED || name->kind == PARTS_LETTERED;
}
