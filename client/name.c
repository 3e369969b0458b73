#include "name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "seal/zip.h"

#define EXTENSION_MAX 16 /* bytes with the dot; what is longer is no extension */

/* A name while it grows; never past its room. */
struct draft {
	char *p;
	size_t len, room;
};

static void
add(struct draft *d, const char *p, size_t n)
{
	if (n > d->room - d->len)
		return;
	memcpy(d->p + d->len, p, n);
	d->len += n;
}

/* Is a character of a name replaced? */
static bool
is_refused(uint32_t point)
{
	return text_is_treacherous(point) ||
	       (point < 0x80 && strchr("/\\:*?\"<>|", (int)point) != NULL);
}

/* Appends cleaned characters until the room is used up. */
static void
add_clean(struct draft *d, const uint8_t *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = text_utf8_len(p, n);
		if (len == 0 || is_refused(text_utf8_point(p, len))) {
			len = len == 0 ? 1 : len;
			add(d, "_", 1);
		} else if (len > d->room - d->len) {
			return;
		} else {
			add(d, (const char *)p, len);
		}
	}
}

static bool
is_edge(char c)
{
	return c == ' ' || c == '.';
}

/* The bytes of the extension with its dot, 0 if there is none. */
static size_t
extension_len(const char *p, size_t n)
{
	size_t len;

	for (len = 1; len <= n && len <= EXTENSION_MAX; len++)
		if (p[n - len] == '.')
			return len < n && len > 1 ? len : 0;
	return 0;
}

/* "001-" of "files/001-a.pdf": bytes, with the dash. */
static size_t
number_len(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return s[n] == '-' ? n + 1 : n;
}

void
name_clean(char out[static NAME_MAX_LEN + 1], const char *member, const char *original, size_t len)
{
	const char *own =
	    member + (strncmp(member, ZIP_FILES, strlen(ZIP_FILES)) == 0 ? strlen(ZIP_FILES) : 0);
	struct draft d = {out, 0, NAME_MAX_LEN};
	size_t ext, before;

	while (len > 0 && is_edge(original[0]))
		original++, len--;
	while (len > 0 && is_edge(original[len - 1]))
		len--;
	ext = extension_len(original, len);
	add(&d, own, number_len(own));
	before = d.len;
	/* The stem leaves room for an extension of which every byte may count. */
	d.room -= ext;
	add_clean(&d, (const uint8_t *)original, len - ext);
	d.room += ext;
	add_clean(&d, (const uint8_t *)original + len - ext, ext);
	while (d.len > before && is_edge(out[d.len - 1]))
		d.len--;
	if (d.len == before)
		add_clean(&d, (const uint8_t *)own + before, strlen(own + before));
	out[d.len] = '\0';
}
