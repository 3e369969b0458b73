#include "text.h"

#include <sodium.h>
#include <string.h>

void
text_hex(char *out, const uint8_t *p, size_t n)
{
	sodium_bin2hex(out, n * 2 + 1, p, n);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err
text_unhex(uint8_t *out, size_t n, const char *s, size_t len)
{
	size_t i;

	if (len % 2 != 0 || len / 2 != n)
		return ERR_FORMAT;
	for (i = 0; i < len; i++)
		if (hex_value(s[i]) < 0)
			return ERR_FORMAT;
	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(hex_value(s[2 * i]) << 4 | hex_value(s[2 * i + 1]));
	return ERR_OK;
}

static enum err
unb64(uint8_t *out, size_t n, const char *s, size_t len, int variant)
{
	size_t i, got = 0;
	const char *end = NULL;
	size_t want =
	    variant == sodium_base64_VARIANT_ORIGINAL ? TEXT_B64_PAD_LEN(n) : TEXT_B64_LEN(n);

	if (len != want)
		return ERR_FORMAT;
	/* libsodium 1.0.18 reads every byte from 0x80 on as '/'. */
	for (i = 0; i < len; i++)
		if ((uint8_t)s[i] >= 0x80)
			return ERR_FORMAT;
	if (sodium_base642bin(out, n, s, len, NULL, &got, &end, variant) != 0 || got != n ||
	    end != s + len) {
		explicit_bzero(out, n);
		return ERR_FORMAT;
	}
	return ERR_OK;
}

void
text_b64(char *out, const uint8_t *p, size_t n)
{
	sodium_bin2base64(
	    out, TEXT_B64_LEN(n) + 1, p, n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

enum err
text_unb64(uint8_t *out, size_t n, const char *s, size_t len)
{
	return unb64(out, n, s, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

void
text_b64_pad(char *out, const uint8_t *p, size_t n)
{
	sodium_bin2base64(out, TEXT_B64_PAD_LEN(n) + 1, p, n, sodium_base64_VARIANT_ORIGINAL);
}

enum err
text_unb64_pad(uint8_t *out, size_t n, const char *s, size_t len)
{
	return unb64(out, n, s, len, sodium_base64_VARIANT_ORIGINAL);
}

enum err
text_number(const char *s, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (len == 0 || (len > 1 && s[0] == '0'))
		return ERR_FORMAT;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return ERR_FORMAT;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v) || v > max)
			return ERR_LIMIT;
	}
	*out = v;
	return ERR_OK;
}

/* The range of the second byte depends on the first (Unicode table 3-7). */
size_t
text_utf8_len(const uint8_t *p, size_t n)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

bool
text_is_utf8(const uint8_t *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len)
		if ((len = text_utf8_len(p, n)) == 0)
			return false;
	return true;
}

uint32_t
text_utf8_point(const uint8_t *p, size_t len)
{
	static const uint8_t first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t v = p[0] & first[len];
	size_t i;

	for (i = 1; i < len; i++)
		v = v << 6 | (p[i] & 0x3f);
	return v;
}

/* In order. Controls (Cc), format characters that show nothing (Cf, Default_Ignorable_Code_Point),
 * changes of direction (Bidi_Control), line and paragraph separators, private use,
 * noncharacters. Not the Arabic and Syriac signs that Unicode counts as Cf: they are seen.
 * Variation selectors are among them: a name or a letter with one looks like one without. */
static const struct {
	uint32_t first, last;
} treacherous[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, UINT32_MAX}};

bool
text_is_treacherous(uint32_t c)
{
	size_t i;

	/* The last range ends with the last number, so that the search always ends. */
	for (i = 0; c > treacherous[i].last; i++)
		;
	return c >= treacherous[i].first || (c & 0xfffe) == 0xfffe;
}

void
text_clean(char *s)
{
	size_t i = 0, n = strlen(s), len;
	const uint8_t *p = (const uint8_t *)s;

	while (i < n) {
		len = text_utf8_len(p + i, n - i);
		if (len == 0 || text_is_treacherous(text_utf8_point(p + i, len))) {
			len += len == 0;
			memset(s + i, '?', len);
		}
		i += len;
	}
}
