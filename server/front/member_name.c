#include "member_name.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/zip.h"

#define EXTENSION_MAX 16 /* bytes with the dot; what is longer is no extension */

/*
 * Unicode's own decompositions of the Latin letters, first character only, one
 * column per code point from `first` on; a blank is no letter, `?` stands in pairs below.
 */
static const struct {
	uint32_t first;
	const char *base;
} latin[] = {
    {0xc0, "AAAAAA?CEEEEIIIIDNOOOOO OUUUUY??aaaaaa?ceeeeiiiidnooooo ouuuuy?y"
	   "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKkkLlLlLlL"
	   "lLlNnNnNnnNnOoOoOo??RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"},
    {0x1cd, "AaIiOoUuUuUuUuUu AaAa    GgKkOoOo  jDDdGg  NnAa    AaAaEeEeIiIiO"
	    "oOoRrRrUuUuSsTt  Hh      AaEeOoOoOoOoYy"},
    {0x1e00, "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
	     "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
	     "WwWwWwWwWwXxXxYyZzZzZzhtwyas  ? AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
	     "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy      "},
};

static const struct {
	uint32_t point;
	const char *base;
} pairs[] = {
    {0xc6, "AE"},
    {0xde, "Th"},
    {0xdf, "ss"},
    {0xe6, "ae"},
    {0xfe, "th"},
    {0x132, "IJ"},
    {0x133, "ij"},
    {0x152, "OE"},
    {0x153, "oe"},
    {0x1e9e, "SS"},
};

static int
is_safe(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '_' || c == '-';
}

/* What stands for a code point: 0 to 2 letters at out. */
static size_t
base_letters(uint32_t c, char out[static 2])
{
	size_t i;

	if (is_safe(c)) {
		out[0] = (char)c;
		return 1;
	}
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (pairs[i].point == c) {
			memcpy(out, pairs[i].base, 2);
			return 2;
		}
	for (i = 0; i < sizeof latin / sizeof *latin; i++)
		if (c >= latin[i].first && c - latin[i].first < strlen(latin[i].base)) {
			out[0] = latin[i].base[c - latin[i].first];
			return out[0] != ' ';
		}
	return 0;
}

/* All of the original that may stay, without leading dots; out has room for twice its bytes. */
static size_t
clean(char *out, const char *original)
{
	const uint8_t *p = (const uint8_t *)original;
	size_t n = strnlen(original, LIMIT_ORIGINAL_NAME), len, fill = 0, k;
	char letters[2];

	for (; n > 0; p += len, n -= len) {
		if ((len = text_utf8_len(p, n)) == 0) {
			len = 1; /* a byte that is no character */
			continue;
		}
		k = base_letters(text_utf8_point(p, len), letters);
		if (fill == 0 && k == 1 && letters[0] == '.')
			continue;
		memcpy(out + fill, letters, k);
		fill += k;
	}
	return fill;
}

static size_t
drop_dots(const char *s, size_t n)
{
	while (n > 0 && s[n - 1] == '.')
		n--;
	return n;
}

/* Cuts to MEMBER_NAME_SAFE bytes in the middle, so that the extension stays. */
static size_t
shorten(char *s, size_t n)
{
	const char *dot;
	size_t ext = 0;

	if (n <= MEMBER_NAME_SAFE)
		return n;
	if ((dot = memrchr(s, '.', n)) != NULL && (size_t)(s + n - dot) <= EXTENSION_MAX)
		ext = (size_t)(s + n - dot);
	memmove(s + MEMBER_NAME_SAFE - ext, s + n - ext, ext);
	return MEMBER_NAME_SAFE;
}

void
member_name(char out[static MEMBER_NAME_MAX + 1], unsigned number, const char *original)
{
	char safe[2 * LIMIT_ORIGINAL_NAME];
	size_t n = drop_dots(safe, clean(safe, original));

	n = drop_dots(safe, shorten(safe, n));
	if (n == 0) {
		memcpy(safe, "file", 4);
		n = 4;
	}
	snprintf(out, MEMBER_NAME_MAX + 1, ZIP_FILES "%03u-%.*s", number % 1000, (int)n, safe);
	explicit_bzero(safe, sizeof safe);
}
