#ifndef SEALSLOT_BASE_TEXT_H
#define SEALSLOT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Text encodings, strict: what isn't the one canonical form is ERR_FORMAT. */

/* Lower-case hex with a NUL; out has 2 * n + 1 bytes. */
void text_hex(char *out, const uint8_t *p, size_t n);
/* Exactly 2 * n lower-case digits at s (len of them) become n bytes. */
enum err MUST_CHECK text_unhex(uint8_t *out, size_t n, const char *s, size_t len);

/* Standard base64 without '='. out has TEXT_B64_LEN(n) + 1 bytes. */
#define TEXT_B64_LEN(n) (((n)*4 + 2) / 3)
void text_b64(char *out, const uint8_t *p, size_t n);
/* Exactly n bytes from canonical base64 without '=' (age's form). */
enum err MUST_CHECK text_unb64(uint8_t *out, size_t n, const char *s, size_t len);
/* The same with '=' padding (minisign's form). out has TEXT_B64_PAD_LEN(n) + 1 bytes. */
#define TEXT_B64_PAD_LEN(n) (((n) + 2) / 3 * 4)
void text_b64_pad(char *out, const uint8_t *p, size_t n);
enum err MUST_CHECK text_unb64_pad(uint8_t *out, size_t n, const char *s, size_t len);

/* Decimal without sign, spaces or leading zeros, at most max. */
enum err MUST_CHECK text_number(const char *s, size_t len, uint64_t max, uint64_t *out);

/* The length of the valid UTF-8 sequence at p (1 to 4; no surrogates, no overlong forms), 0 if
 * there is none. */
size_t text_utf8_len(const uint8_t *p, size_t n);
/* Is all of it valid UTF-8? */
bool text_is_utf8(const uint8_t *p, size_t n);
/* The code point of the valid sequence of len bytes at p. */
uint32_t text_utf8_point(const uint8_t *p, size_t len);
/* Is it a control, bidi or invisible character, which must never reach a terminal, a page or a
 * file name? tests/interop/treacherous.py holds it against Unicode's own tables. */
bool text_is_treacherous(uint32_t point);
/* Puts '?' in the place of each byte of s that isn't UTF-8, or is part of a treacherous character.
 */
void text_clean(char *s);

#endif
