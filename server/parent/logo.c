#include "parent/logo.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "seal/crc.h"

#define SIGNATURE   8
#define CHUNK_FRAME 12 /* length, type, CRC */
#define TYPE        4
#define IHDR_LEN    13

struct chunk {
	const uint8_t *type, *data;
	size_t len;
};

static uint32_t
number(const uint8_t p[static 4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Takes the next chunk; false: there is no whole one. */
static bool
next(const uint8_t **p, size_t *n, struct chunk *c)
{
	if (*n < CHUNK_FRAME || number(*p) > *n - CHUNK_FRAME)
		return false;
	c->len = number(*p);
	c->type = *p + 4;
	c->data = c->type + TYPE;
	*p += CHUNK_FRAME + c->len;
	*n -= CHUNK_FRAME + c->len;
	return crc_add(CRC_NONE, c->type, TYPE + c->len) == number(c->data + c->len);
}

static bool
is(const struct chunk *c, const char *type)
{
	return memcmp(c->type, type, TYPE) == 0;
}

/* What draws, and how its colours are meant. No text, date, EXIF, animation or profile. */
static bool
is_picture(const struct chunk *c)
{
	static const char *const all[] = {
	    "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs"};
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (is(c, all[i]))
			return true;
	return false;
}

/* Bit depth and colour type fit together, and the methods are those there are. */
static bool
is_known_form(const uint8_t ihdr[static IHDR_LEN])
{
	static const uint8_t depths[7] = {
	    1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16};
	uint8_t depth = ihdr[8], colour = ihdr[9];

	return depth != 0 && (depth & (depth - 1)) == 0 && colour < sizeof depths &&
	       (depths[colour] & depth) != 0 && ihdr[10] == 0 && ihdr[11] == 0 && ihdr[12] <= 1;
}

static enum err
check_head(const struct chunk *c, const char **why)
{
	uint32_t width, height;

	if (!is(c, "IHDR") || c->len != IHDR_LEN || !is_known_form(c->data)) {
		*why = "isn't a PNG picture; save it as PNG again";
		return ERR_FORMAT;
	}
	width = number(c->data);
	height = number(c->data + 4);
	if (width == 0 || height == 0 || width > LIMIT_LOGO_SIDE || height > LIMIT_LOGO_SIDE) {
		*why = "must be 1 to 1024 pixels wide and high; make it smaller";
		return ERR_LIMIT;
	}
	return ERR_OK;
}

/* Everything behind the head, to the last byte. */
static enum err
check_rest(const uint8_t *p, size_t n, const char **why)
{
	struct chunk c = {0};
	bool has_data = false;

	do {
		if (!next(&p, &n, &c)) {
			*why = "is a damaged PNG; copy it here again";
			return ERR_FORMAT;
		}
		if (!is_picture(&c)) {
			*why =
			    "has more in it than a picture (a comment, a date, a camera's name); "
			    "take it out, as with: optipng -strip all FILE";
			return ERR_FORMAT;
		}
		has_data = has_data || is(&c, "IDAT");
	} while (!is(&c, "IEND"));
	if (has_data && c.len == 0 && n == 0)
		return ERR_OK;
	*why = "doesn't end where a PNG ends; save it as PNG again";
	return ERR_FORMAT;
}

enum err
logo_check(const uint8_t *p, size_t n, const char **why)
{
	struct chunk head = {0};
	enum err e;

	if (n > LIMIT_LOGO) {
		*why = "is larger than 6 KiB, which is much for a slow line; make it smaller";
		return ERR_LIMIT;
	}
	*why = "isn't a PNG picture; save it as PNG again";
	if (n < SIGNATURE || memcmp(p, "\x89PNG\r\n\x1a\n", SIGNATURE) != 0)
		return ERR_FORMAT;
	p += SIGNATURE;
	n -= SIGNATURE;
	if (!next(&p, &n, &head))
		return ERR_FORMAT;
	if ((e = check_head(&head, why)) != ERR_OK)
		return e;
	return check_rest(p, n, why);
}
